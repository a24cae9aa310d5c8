package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// bench is a target that does as a test says, and writes down what it was asked for.
// What no test expects is nil in the embedded interface.
type bench struct {
	target.Target
	asked []string

	stageErr    error
	applyErr    map[skycap.Target]error
	unchanged   map[skycap.Target]bool // that apply changes nothing of
	assessments map[release.Place]rollout.Assessment
	waitErr     error
	jobErr      error

	releases []skycap.Release
	recorded map[int]*release.Release
	rolled   bool // a rollback was begun: from then on all is healthy
}

func (b *bench) ask(format string, values ...any) {
	b.asked = append(b.asked, fmt.Sprintf(format, values...))
}

func (b *bench) Plan(_ context.Context, _ *release.Release, _ target.Options) (target.Plan, error) {
	return target.Plan{Changes: []skycap.ObjectChange{{Action: "update"}}, Releases: b.releases}, nil
}

func (b *bench) Begin(_ context.Context, r *release.Release, _ target.Plan, _ int) (int, error) {
	number := 1
	if len(b.releases) > 0 {
		number = b.releases[0].Number + 1
	}
	b.ask("begin %d %s %s", number, r.Kind, strings.Join(r.Names(), " "))
	b.rolled = r.Kind == release.Rollback
	b.releases = slices.Insert(b.releases, 0, r.Summary(number))
	return number, nil
}

func (b *bench) Stage(_ context.Context, _ target.Plan, services []release.Service, log target.Log) error {
	b.ask("stage %s", strings.Join(names(services), " "))
	log("worker", "worker1", "make: done")
	return b.stageErr
}

func (b *bench) Apply(_ context.Context, _ target.Plan, services []release.Service, _ target.Watch) (bool, error) {
	kind := services[0].Target
	b.ask("apply %s %s", kind, strings.Join(names(services), " "))
	if b.rolled {
		return true, nil
	}
	return !b.unchanged[kind], b.applyErr[kind]
}

func (b *bench) Run(context.Context, target.Plan, int, []release.Service, target.Phase, target.Log) (bool, error) {
	return true, b.jobErr
}

func (b *bench) Wait(_ context.Context, services []release.Service, watch target.Watch) (map[release.Place]rollout.Assessment, error) {
	found := map[release.Place]rollout.Assessment{}
	for _, service := range services {
		found[service.Place()] = rollout.Assessment{State: skycap.StateHealthy}
		if set, ok := b.assessments[service.Place()]; ok && !b.rolled {
			found[service.Place()] = set
		}
		watch(service.Place(), "", found[service.Place()])
	}
	return found, b.waitErr
}

func (b *bench) Settle(context.Context, target.Plan, *release.Release, int) error {
	b.ask("settle")
	return nil
}

func (b *bench) End(_ context.Context, number int, result skycap.Word) error {
	b.ask("end %d %s", number, result)
	for i := range b.releases {
		if b.releases[i].Number == number {
			b.releases[i].Result, b.releases[i].Ended = result, time.Unix(1, 0)
		}
	}
	return nil
}

func (b *bench) Leave(_ context.Context, numbers []int, by int) error {
	if len(numbers) > 0 {
		b.ask("leave %v %d", numbers, by)
	}
	return nil
}

func (b *bench) Explain(context.Context, release.Service, rollout.Assessment) target.Evidence {
	return target.Evidence{Facts: []string{"a fact"}}
}

func (b *bench) Releases(context.Context) ([]skycap.Release, error) { return b.releases, nil }

func (b *bench) Recorded(_ context.Context, number int) (*release.Release, error) {
	if recorded, ok := b.recorded[number]; ok {
		return recorded, nil
	}
	return nil, errors.New("there is no record")
}

// of is a release with services in places, each waiting for the services before it.
func of(id string, places ...release.Place) *release.Release {
	made := &release.Release{App: "shop", Environment: "staging", Kind: release.Deploy, Revision: revision.Revision{ID: id}}
	var before []string
	for _, at := range places {
		service := release.Service{Name: at.Service, Target: at.Target, After: slices.Clone(before)}
		if at.Target == skycap.TargetHosts {
			service.Folder = &release.Folder{Manifest: id}
		}
		made.Services = append(made.Services, service)
		before = append(before, at.Service)
	}
	return made
}

// carried is how a change of a release ended on a bench.
func carried(t *testing.T, b *bench, made *release.Release, onFailure string) (skycap.Result, error) {
	t.Helper()
	return carriedBy(t, b, made, Choices{OnFailure: onFailure})
}

func carriedBy(t *testing.T, b *bench, made *release.Release, choices Choices) (skycap.Result, error) {
	t.Helper()
	choices.Timeout = time.Minute
	talk := report.New(report.Options{Out: io.Discard, Err: io.Discard})
	defer talk.Close()
	operator := &Operator{
		Project: &settings.Project{App: "shop"}, Report: talk, Evidence: t.TempDir(), Now: time.Now,
		Repository: func(context.Context) (revision.Repository, error) { return nil, errors.New("none here") },
	}
	var result skycap.Result
	plan, err := b.Plan(t.Context(), made, target.Options{})
	require.NoError(t, err)
	c := &change{
		Operator: operator, Choices: choices, release: made, target: b, lock: unlocked{t.Context()}, plan: plan, result: &result,
	}
	err = c.carryOut(t.Context())
	return result, err
}

// resultsOf are the words of the services' results, by place.
func resultsOf(result skycap.Result) map[release.Place]skycap.Word {
	words := map[release.Place]skycap.Word{}
	for _, service := range result.Services {
		words[release.Place{Service: service.Service, Target: service.Target}] = service.Result
	}
	return words
}

// after is a bench where release 1 of these places is healthy.
func after(places ...release.Place) *bench {
	first := of("r0", places...)
	summary := first.Summary(1)
	summary.Result, summary.Ended = skycap.ResultOK, time.Unix(1, 0)
	return &bench{releases: []skycap.Release{summary}, recorded: map[int]*release.Release{1: first}}
}
