package process

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// How long a daemon may take to answer: one that has just been started, and one
// that was found running and would be replaced.
const (
	startTimeout = time.Minute
	foundTimeout = 10 * time.Second
)

// Daemon is a component of the lab, as a value: what to run, and how to see that
// it works.
type Daemon struct {
	Name    string
	Argv    []string
	Via     []string // a launcher that prepares the ground and then becomes Argv
	Address string   // where it answers, for people
	Ready   func(context.Context) error
}

// Host starts the daemons of one lab.
type Host struct {
	StateDir string
	Log      func(component string) string
}

// Ensure makes sure that a daemon runs as described and is ready. One that runs
// otherwise, or that doesn't answer, is replaced. It tells whether it started one.
func (h Host) Ensure(ctx context.Context, d Daemon) (started bool, err error) {
	table, err := Scan(h.StateDir)
	if err != nil {
		return false, err
	}
	if p, ok := table.Daemon(d.Name); ok && !p.Replaced && d.runs(p) {
		if wait(ctx, d, nil, foundTimeout) == nil {
			return false, nil
		}
	}
	if err := Kill(ctx, h.finder(d.Name)); err != nil {
		return false, err
	}
	ended, err := h.start(d)
	if err != nil {
		return false, fmt.Errorf("starting %q: %w", d.Name, err)
	}
	if err := wait(ctx, d, ended, startTimeout); err != nil {
		return true, &StartError{Component: d.Name, Log: h.Log(d.Name), Err: err}
	}
	return true, nil
}

// Stop ends the daemons and all that they started.
func (h Host) Stop(ctx context.Context, components ...string) error {
	return Kill(ctx, h.finder(components...))
}

// Marked is an environment for a foreground program whose processes are to be found as
// a component's: if this program dies, they can be ended by Stop.
func (h Host) Marked(component string) []string {
	return withMarks(os.Environ(), h.StateDir, component)
}

func (h Host) finder(components ...string) func() (Table, error) {
	return func() (Table, error) {
		table, err := Scan(h.StateDir)
		return table.Of(components...), err
	}
}

// runs compares with what the process table says. Where that can't separate
// arguments from environment, the arguments come first.
func (d Daemon) runs(p Process) bool {
	return len(p.Argv) >= len(d.Argv) && slices.Equal(p.Argv[:len(d.Argv)], d.Argv)
}

// withMarks is an environment with a daemon's marks in place of those it has: a
// shell that uses one lab may start another.
func withMarks(environ []string, stateDir, component string) []string {
	environ = slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		return strings.HasPrefix(variable, stateMark) || strings.HasPrefix(variable, componentMark)
	})
	return append(environ, stateMark+stateDir, componentMark+component)
}

// start runs the daemon detached from the terminal and from this program. The
// returned channel is closed when it ends.
func (h Host) start(d Daemon) (ended <-chan struct{}, err error) {
	path := h.Log(d.Name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // the daemon writes to a copy
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close() //nolint:errcheck // read only
	argv := append(slices.Clone(d.Via), d.Argv...)
	process, err := os.StartProcess(argv[0], argv, &os.ProcAttr{
		Dir:   h.StateDir,
		Env:   h.Marked(d.Name),
		Files: []*os.File{null, log, log},
		Sys:   detached(),
	})
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		process.Wait() //nolint:errcheck // how it ended stands in its log
		close(done)
	}()
	return done, nil
}
