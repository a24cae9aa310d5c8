package lab

import (
	"context"
	"errors"
	"io/fs"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Health is how one component is.
type Health struct {
	Component string
	Address   string
	PID       int   // 0 where it doesn't run
	Err       error // nil where it is healthy
}

// ErrDown says that no lab is up in the state folder.
var ErrDown = errors.New("the lab is not up")

// Status looks at each component. Without a lab it returns ErrDown.
func (l Lab) Status(ctx context.Context) ([]Health, error) {
	s, err := l.settings()
	if err != nil {
		return nil, err
	}
	table, err := process.Scan(string(l.Dir))
	if err != nil {
		return nil, err
	}
	var all []Health
	for _, d := range l.components(s) {
		h := Health{Component: d.Name, Address: d.Address, Err: errors.New("does not run")}
		if p, ok := table.Daemon(d.Name); ok {
			h.PID, h.Err = p.PID, process.Check(ctx, d)
		}
		all = append(all, h)
	}
	return all, nil
}

// Running returns the settings of a lab whose processes are all there.
func (l Lab) Running() (state.Settings, error) {
	s, err := l.settings()
	if err != nil {
		return s, err
	}
	table, err := process.Scan(string(l.Dir))
	for _, d := range l.components(s) {
		if _, ok := table.Daemon(d.Name); !ok {
			return s, errors.Join(err, ErrDown)
		}
	}
	return s, err
}

func (l Lab) settings() (state.Settings, error) {
	s, err := l.Dir.Load()
	if errors.Is(err, fs.ErrNotExist) || err == nil && !l.hasCluster() {
		return s, ErrDown
	}
	return s, err
}
