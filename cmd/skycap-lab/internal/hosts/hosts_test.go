package hosts

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// The longest name of an interface that the kernel takes.
const interfaceName = 15

func TestNamesOfInterfacesFitAndAreTheLabsOwn(t *testing.T) {
	seen := map[string]state.Dir{}
	for _, dir := range []state.Dir{"/tmp/a", "/tmp/b", "/root/.local/state/skycap-lab"} {
		for _, name := range []string{bridgeName(dir), portName(machineName(dir, 1)), portName(machineName(dir, Max))} {
			if len(name) > interfaceName {
				t.Errorf("%q is longer than an interface's name can be", name)
			}
			if other, ok := seen[name]; ok {
				t.Errorf("%q and %q share %q", dir, other, name)
			}
			seen[name] = dir
		}
	}
}

func TestFleetGivesEachHostAnAddress(t *testing.T) {
	settings := state.Settings{Hosts: 2, Subnet: "10.128.7", Ports: map[string]int{"worker1": 20001, "worker2": 20002}}
	for name, test := range map[string]struct {
		machines bool
		want     []string
	}{
		"machines": {true, []string{"worker1 10.128.7.11:22", "worker2 10.128.7.12:22"}},
		"servers":  {false, []string{"worker1 127.0.0.1:20001", "worker2 127.0.0.1:20002"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, d := range (Fleet{Dir: "/s", Settings: settings, Machines: test.machines}).Daemons() {
				got = append(got, d.Name+" "+d.Address)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestSummaryGroupsHosts(t *testing.T) {
	got := Fleet{}.summary([]string{"running", "degraded", "running"})
	if want := "worker1, worker3 running; worker2 degraded"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A host of which only a part was made, and one that is too many, are removed.
func TestRemoveSurplus(t *testing.T) {
	dir := state.Dir(t.TempDir())
	for _, name := range []string{"worker1", "worker2", ".new-1"} {
		if err := os.MkdirAll(dir.Host(name, "home"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := Fleet{Dir: dir, Settings: state.Settings{Hosts: 1}}.RemoveSurplus(t.Context())
	if err != nil || !slices.Equal(removed, []string{"worker2"}) {
		t.Errorf("removed %q, %v", removed, err)
	}
	left, err := os.ReadDir(dir.Host())
	if err != nil || len(left) != 1 || left[0].Name() != "worker1" {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestAccessNamesPathsAsTheyAre(t *testing.T) {
	config := sshdConfig("/tmp/100% mine's", "worker1")
	for _, want := range []string{`HostKey "/tmp/100%% mine's/hosts/worker1/key"`, `ForceCommand cd '/tmp/100% mine'\''s/hosts/worker1/home' && `} {
		if !strings.Contains(config, want) {
			t.Errorf("no %q in:\n%s", want, config)
		}
	}
}
