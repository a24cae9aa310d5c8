package process

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"
)

// The marks in the environment of each daemon, and of what it starts. Both must
// be there: people export the first one into their own shells.
const (
	stateMark     = "SKYCAP_LAB_STATE="
	componentMark = "SKYCAP_LAB_COMPONENT="
)

// Process is a running process that carries the marks of a lab.
type Process struct {
	PID       int
	Component string
	Leader    bool // it is the daemon itself, not something that the daemon started
	Replaced  bool // its program's file is no longer the one that it runs
	Argv      []string
}

// Table is what one look at the machine's processes found of a lab.
type Table []Process

// Daemon returns the process of a component.
func (t Table) Daemon(component string) (Process, bool) {
	for _, p := range t {
		if p.Leader && p.Component == component {
			return p, true
		}
	}
	return Process{}, false
}

// Of returns the daemons of the components and all that they started.
func (t Table) Of(components ...string) Table {
	return slices.DeleteFunc(slices.Clone(t), func(p Process) bool {
		return !slices.Contains(components, p.Component)
	})
}

// marked reads the marks in an environment.
func marked(environ []string, stateDir string) (component string, ok bool) {
	ours := slices.Contains(environ, stateMark+stateDir)
	for _, entry := range environ {
		if name, found := strings.CutPrefix(entry, componentMark); found && ours {
			return name, true
		}
	}
	return "", false
}

// Kill ends processes, those that they start meanwhile included, and returns when
// they are gone. Find is asked again until it finds none: a process is only ever
// killed by its number right after it was seen to be the lab's.
func Kill(ctx context.Context, find func() (Table, error)) error {
	for {
		table, err := find()
		if err != nil || len(table) == 0 {
			return err
		}
		for _, p := range table {
			if process, err := os.FindProcess(p.PID); err == nil {
				process.Kill() //nolint:errcheck // it may have ended by itself; the next look tells
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
