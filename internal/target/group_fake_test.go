package target

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/pkg/skycap"
)

// diary is what parts of a group were asked for, in order.
type diary struct {
	mutex   sync.Mutex
	entries []string
}

func (d *diary) write(format string, values ...any) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.entries = append(d.entries, fmt.Sprintf(format, values...))
}

func (d *diary) take() []string {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	taken := d.entries
	d.entries = nil
	return taken
}

// part is a target that writes down what it is asked for. What a test doesn't
// expect at all is nil in the embedded interface.
type part struct {
	Target
	name  string
	diary *diary

	errs        map[string]error // by what is asked for
	plan        Plan
	anew        Plan // when something changes elsewhere
	planned     []string
	releases    []skycap.Release
	number      int
	assessments map[release.Place]rollout.Assessment
	waits       bool // until its context ends
	frozen      *FrozenError
	holders     map[string]Holder
	statuses    []skycap.ServiceStatus
	status      int
	lose        context.CancelCauseFunc
}

func (p *part) did(what string, about ...string) error {
	p.diary.write("%s", strings.Join(append([]string{p.name, what}, about...), " "))
	return p.errs[what]
}

func (p *part) Lock(ctx context.Context, services []string, _ Claim) (Lock, error) {
	if err := p.did("lock", services...); err != nil {
		return nil, err
	}
	held, lose := context.WithCancelCause(ctx)
	p.lose = lose
	return &held1{p, held}, nil
}

// held1 is the lock of one part.
type held1 struct {
	part    *part
	context context.Context
}

func (h *held1) Context() context.Context    { return h.context }
func (h *held1) Check(context.Context) error { return h.part.did("check") }
func (h *held1) Unlock() error               { return h.part.did("unlock") }

func (p *part) Holders(context.Context) (map[string]Holder, error) { return p.holders, nil }

func (p *part) Freeze(_ context.Context, holder Holder, why string) error {
	return p.did("freeze", holder.Who, why)
}

func (p *part) Unfreeze(context.Context) (*FrozenError, error) { return p.frozen, p.did("unfreeze") }

func (p *part) Plan(_ context.Context, r *release.Release, options Options) (Plan, error) {
	p.planned = append(p.planned, fmt.Sprintf("%s anew=%t", strings.Join(r.Names(), " "), options.Anew))
	if options.Anew {
		return p.anew, p.errs["plan"]
	}
	return p.plan, p.errs["plan"]
}

func (p *part) Begin(_ context.Context, _ *release.Release, plan Plan, number int) (int, error) {
	err := p.did("begin", fmt.Sprint(number), fmt.Sprintf("recorded=%d resumes=%t", plan.Recorded, plan.Resumes))
	return max(p.number, number), err
}

func (p *part) Stage(_ context.Context, _ Plan, services []release.Service, _ Log) error {
	return p.did("stage", namesOf(services)...)
}

func (p *part) Apply(_ context.Context, plan Plan, services []release.Service, _ Watch) (bool, error) {
	err := p.did("apply", namesOf(services)...)
	return len(plan.Changes) > 0, err
}

func (p *part) Wait(ctx context.Context, _ []release.Service, _ Watch) (map[release.Place]rollout.Assessment, error) {
	if p.waits {
		<-ctx.Done()
		return p.assessments, ctx.Err()
	}
	return p.assessments, p.errs["wait"]
}

func (p *part) Settle(_ context.Context, _ Plan, _ *release.Release, number int) error {
	return p.did("settle", fmt.Sprint(number))
}

func (p *part) End(_ context.Context, number int, result skycap.Word) error {
	return p.did("end", fmt.Sprint(number), string(result))
}

func (p *part) Leave(_ context.Context, numbers []int, by int) error {
	return p.did("leave", fmt.Sprint(numbers, by))
}

func (p *part) Releases(context.Context) ([]skycap.Release, error) { return p.releases, nil }

func (p *part) Restart(_ context.Context, services []string, _ Watch) error {
	return p.did("restart", services...)
}

func (p *part) Status(context.Context, []string) ([]skycap.ServiceStatus, error) {
	return p.statuses, p.errs["status"]
}

func (p *part) Exec(context.Context, string, Execution) (int, error) { return p.status, p.did("exec") }

func (p *part) Close() error { return p.did("close") }

func namesOf(services []release.Service) []string {
	return (&release.Release{Services: services}).Names()
}
