package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMarked(t *testing.T) {
	for name, test := range map[string]struct {
		environ   []string
		component string
		ok        bool
	}{
		"a daemon":             {[]string{"A=1", "SKYCAP_LAB_STATE=/s", "SKYCAP_LAB_COMPONENT=etcd"}, "etcd", true},
		"of another lab":       {[]string{"SKYCAP_LAB_STATE=/s2", "SKYCAP_LAB_COMPONENT=etcd"}, "", false},
		"somebody's own shell": {[]string{"SKYCAP_LAB_STATE=/s", "PATH=/bin"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			component, ok := marked(test.environ, "/s")
			if component != test.component || ok != test.ok {
				t.Errorf("got %q, %v", component, ok)
			}
		})
	}
}

func TestEnsure(t *testing.T) {
	if runtime.GOOS != "linux" {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI runs this test: it needs Linux")
		}
		t.Skip("needs Linux: it reads /proc")
	}
	dir := t.TempDir()
	host := Host{StateDir: dir, Log: func(name string) string { return filepath.Join(dir, name+".log") }}
	t.Cleanup(func() {
		if err := host.Stop(context.Background(), "sleeper"); err != nil {
			t.Error(err)
		}
	})
	sleeper := func(duration string) Daemon {
		return Daemon{Name: "sleeper", Argv: []string{"/bin/sleep", duration}, Ready: func(context.Context) error { return nil }}
	}
	for _, step := range []struct {
		name    string
		daemon  Daemon
		started bool
	}{
		{"first", sleeper("1000"), true},
		{"again", sleeper("1000"), false},
		{"with other arguments", sleeper("1001"), true},
	} {
		started, err := host.Ensure(t.Context(), step.daemon)
		if err != nil || started != step.started {
			t.Errorf("%s: started %v, %v; want %v", step.name, started, err, step.started)
		}
		if table, err := Scan(dir); err != nil || len(table) != 1 {
			t.Errorf("%s: %d processes, %v; want one", step.name, len(table), err)
		}
	}
}

func TestEnsureTellsWhyADaemonEnded(t *testing.T) {
	dir := t.TempDir()
	host := Host{StateDir: dir, Log: func(name string) string { return filepath.Join(dir, name+".log") }}
	_, err := host.Ensure(t.Context(), Daemon{
		Name:  "broken",
		Argv:  []string{"/bin/sh", "-c", "echo no such port; exit 1"},
		Ready: func(context.Context) error { return errors.New("not yet") },
	})
	var failed *StartError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "no such port") {
		t.Errorf("got %v, want a StartError with the end of the log", err)
	}
}

func TestRunHasADeadline(t *testing.T) {
	start := time.Now()
	_, err := Command{Argv: []string{"sleep", "60"}, Timeout: 50 * time.Millisecond}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "not done after 50ms") {
		t.Errorf("got %v", err)
	}
	if time.Since(start) > 10*time.Second {
		t.Errorf("it took %s", time.Since(start))
	}
}

func TestTail(t *testing.T) {
	if got, want := Tail("a\nb\nc\n", 2), "    b\n    c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Tail(" \n", 2); got != "" {
		t.Errorf("got %q of nothing", got)
	}
}

func TestMarksOfAnotherLabAreReplaced(t *testing.T) {
	got := withMarks([]string{"A=1", "SKYCAP_LAB_STATE=/other", "SKYCAP_LAB_COMPONENT=etcd"}, "/s", "kubelet")
	want := []string{"A=1", "SKYCAP_LAB_STATE=/s", "SKYCAP_LAB_COMPONENT=kubelet"}
	if !slices.Equal(got, want) {
		t.Errorf("withMarks gives %q, want %q", got, want)
	}
}
