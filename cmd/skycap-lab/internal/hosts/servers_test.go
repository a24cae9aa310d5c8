package hosts

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Hosts without machines: each login ends in the folder of its host.
func TestServers(t *testing.T) {
	needServer(t)
	dir := state.Dir(t.TempDir())
	names := Names(2)
	settings, err := dir.Settle(state.Settings{Nodes: state.Simulated, Hosts: len(names)}, names)
	if err != nil {
		t.Fatal(err)
	}
	fleet := Fleet{Dir: dir, Settings: settings}
	if err := fleet.create(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	for _, h := range fleet.hosts() {
		go func() { ended <- Serve(ctx, dir, h.name, net.JoinHostPort(h.address, h.port)) }()
	}
	for _, h := range fleet.hosts() {
		if condition, err := fleet.waitForLogin(t.Context(), h); err != nil || condition != "running" {
			t.Fatalf("%s: %q, %v", h.name, condition, err)
		}
		ssh := process.Command{Argv: []string{"ssh", "-F", Config(dir), h.name, "pwd; cat; exit 0"}, Stdin: strings.NewReader("what it's given")}
		want := dir.Host(h.name, "home") + "\nwhat it's given"
		if out, err := ssh.Run(t.Context()); err != nil || string(out) != want {
			t.Errorf("%s answers %q, %v; want %q", h.name, out, err, want)
		}
		if err := greets(h)(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop()
	for range names {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if err := fleet.Clear(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(Config(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the configuration is left: %v", err)
	}
}

// needServer skips where there is no sshd; CI must have one. Run by root, it demands a
// folder that Debian makes when the service starts.
func needServer(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath(sshdProgram); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI runs this test: it needs openssh-server")
		}
		t.Skip("needs openssh-server: it runs an sshd as this user")
	}
	const folder = "/run/sshd"
	if os.Geteuid() == 0 && os.Mkdir(folder, 0o755) == nil {
		t.Cleanup(func() { os.Remove(folder) }) //nolint:errcheck // somebody else may need it by now
	}
}
