package lab

import (
	"context"
	"strings"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/cluster"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/debian"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/example"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/registry"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/toolchain"
)

// Wishes are what the caller of Up can choose.
type Wishes struct {
	Hosts  *int   // how many; nil for as many as there are
	Nodes  string // real, simulated or both; empty for what fits the machine
	Source string // the root of Skycap's sources
	Tools  string // a folder with programs that are built already; empty to build them
}

// step is a part of the way up. Each one looks first, and does only what is missing:
// so every up heals whatever an earlier one, cut off anywhere, has left.
type step struct {
	name string
	do   func(context.Context) (outcome string, err error)
}

// Up brings the environment up and returns when it can be used.
func (l Lab) Up(ctx context.Context, w Wishes) (state.Settings, error) {
	if err := l.Dir.Create(); err != nil {
		return state.Settings{}, err
	}
	unlock, err := l.lock(ctx)
	if err != nil {
		return state.Settings{}, err
	}
	defer unlock()
	s, err := l.settle(w)
	if err != nil {
		return s, err
	}
	for _, step := range l.steps(s, w) {
		err := l.Progress.Step(step.name, func() (string, error) { return step.do(ctx) })
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

func (l Lab) lock(ctx context.Context) (unlock func(), err error) {
	return l.Dir.Lock(ctx, func() { l.Progress.Say("waiting for another skycap-lab that works on %s", l.Dir) })
}

func (l Lab) steps(s state.Settings, w Wishes) []step {
	steps := []step{
		{"system packages", func(ctx context.Context) (string, error) { return l.packages(ctx, s) }},
		l.build(toolchain.Kubernetes(), w),
	}
	if s.HasSimulated() {
		steps = append(steps, l.build(toolchain.Kwok(), w))
	}
	steps = append(steps, step{"keys", func(context.Context) (string, error) {
		if err := copySelf(l.Dir.Self()); err != nil {
			return "", err
		}
		return "in place", cluster.Prepare(l.Dir, s)
	}}, l.daemon(registry.Daemon(l.Dir, s)))
	for _, d := range cluster.ControlPlane(l.Dir, s) {
		steps = append(steps, l.daemon(d))
	}
	steps = append(steps, l.nodes(s, w)...)
	steps = append(steps, l.hosts(s, w)...)
	return append(steps,
		step{"namespaces", func(ctx context.Context) (string, error) {
			return strings.Join(cluster.Namespaces(), ", "), cluster.Kubectl{Dir: l.Dir}.CreateNamespaces(ctx)
		}},
		step{"example repository", func(ctx context.Context) (string, error) {
			return example.Ensure(ctx, l.Dir, s, w.Source)
		}},
		step{"example images", func(ctx context.Context) (string, error) {
			return example.EnsureImages(ctx, l.Dir, s)
		}},
	)
}

func (l Lab) packages(ctx context.Context, s state.Settings) (string, error) {
	wanted := debian.ForCommits()
	if s.HasReal() {
		wanted = append(wanted, debian.ForRealNodes()...)
	}
	if s.Hosts > 0 && canRunMachines() {
		wanted = append(wanted, debian.ForMachines()...)
	} else if s.Hosts > 0 {
		wanted = append(wanted, debian.ForServers()...)
	}
	missing := debian.Missing(wanted)
	if len(missing) == 0 {
		return "all there", nil
	}
	if !debian.CanInstall() {
		return "", &debian.MissingError{Names: missing}
	}
	l.Progress.Say("installing %s", strings.Join(missing, " "))
	return "installed " + strings.Join(missing, " "), debian.Install(ctx, missing)
}

func (l Lab) build(t toolchain.Toolchain, w Wishes) step {
	return step{t.Name + " programs", func(ctx context.Context) (string, error) {
		return t.Ensure(ctx, w.Source, l.Dir.Path("bin"), w.Tools)
	}}
}

func (l Lab) daemon(d process.Daemon) step {
	return step{d.Name, func(ctx context.Context) (string, error) {
		started, err := l.host().Ensure(ctx, d)
		if started {
			return "started", err
		}
		return "runs already", err
	}}
}
