package hosts

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// record is what a host keeps of a release: a file of one line for each number.
type record struct {
	Summary skycap.Release  `json:"summary"`
	Release json.RawMessage `json:"release"`
	Folder  string          `json:"folder"` // that the service has here
}

// Releases are those that the hosts know, newest first. Of hosts that know
// different ends of one, whoever knows an end is right: the others were cut off.
// Where no host was looked at before, all are asked: the first may have missed some.
func (t *Hosts) Releases(ctx context.Context) ([]skycap.Release, error) {
	isFirst := !slices.ContainsFunc(t.hosts(t.all()), func(h *host) bool { return h.facts != nil || h.records != nil })
	knowing, err := t.knowing(ctx)
	if err != nil {
		return nil, err
	}
	each(knowing, func(h *host) error { return h.look(ctx, false) }) // without facts the records do
	if isFirst || slices.ContainsFunc(knowing, (*host).hasUnfinished) {
		knowing = t.asked(ctx)
	}
	byNumber := map[int]skycap.Release{}
	for _, h := range knowing {
		for number, found := range h.records {
			byNumber[number] = merged(byNumber[number], found.Summary)
		}
	}
	truth := compare(knowing)
	var releases []skycap.Release
	for _, found := range byNumber {
		found.Undone, found.Replaced, found.Gone = truth.undone[found.Number], truth.replaced[found.Number], truth.gone[found.Number]
		releases = append(releases, found)
	}
	slices.SortFunc(releases, func(a, b skycap.Release) int { return cmp.Compare(b.Number, a.Number) })
	return releases, nil
}

// hasUnfinished reports whether the host doesn't know how some release ended. Others may.
func (h *host) hasUnfinished() bool {
	for _, found := range h.records {
		if release.Unfinished(found.Summary) {
			return true
		}
	}
	return false
}

// asked are all hosts that know anything.
func (t *Hosts) asked(ctx context.Context) []*host {
	var all []*host
	for _, g := range t.chosen(t.all()) {
		all = append(all, g.taking()...)
	}
	each(all, func(h *host) error { return h.look(ctx, false) })
	return slices.DeleteFunc(all, func(h *host) bool { return h.facts == nil && h.records == nil })
}

func merged(known, more skycap.Release) skycap.Release {
	if known.Number == 0 {
		return more
	}
	known.Result = cmp.Or(known.Result, more.Result)
	known.LeftBy = cmp.Or(known.LeftBy, more.LeftBy)
	if known.Ended.IsZero() {
		known.Ended = more.Ended
	}
	if known.Resumed.Before(more.Resumed) {
		known.Resumed = more.Resumed
	}
	return known
}

// knowing are hosts with facts, at least one of each service: of services that
// this command isn't about, the first that can be reached.
func (t *Hosts) knowing(ctx context.Context) ([]*host, error) {
	var found []*host
	for _, g := range t.chosen(t.all()) {
		var faults []error
		known := slices.DeleteFunc(g.taking(), func(h *host) bool { return h.facts == nil && h.records == nil })
		for _, h := range g.taking() {
			if len(known) > 0 {
				break
			}
			if err := h.look(ctx, false); err != nil {
				faults = append(faults, err)
				continue
			}
			known = append(known, h)
		}
		if len(known) == 0 {
			return nil, fmt.Errorf("the releases of service %q can't be read: %w", g.service, joined(faults))
		}
		found = append(found, known...)
	}
	return found, nil
}

// NoRecordError says that no host has the record of a release.
type NoRecordError struct {
	Number      int
	Environment string
}

func (e *NoRecordError) Error() string {
	return fmt.Sprintf("no host of environment %q has the record of release %d", e.Environment, e.Number)
}

// Recorded is a release as the hosts have recorded it.
func (t *Hosts) Recorded(ctx context.Context, number int) (*release.Release, error) {
	knowing, err := t.knowing(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range knowing {
		if found, ok := h.records[number]; ok {
			made, err := release.Decode(found.Release)
			if err != nil {
				return nil, fmt.Errorf("the record of release %d on host %q: %w", number, h.address, err)
			}
			return made, nil
		}
	}
	return nil, &NoRecordError{Number: number, Environment: t.Environment}
}

// Begin gives the release its number. The record is written by Stage, in one step
// with what is sent. Of those that were cut off before, that is written down.
func (t *Hosts) Begin(ctx context.Context, r *release.Release, plan target.Plan, number int) (int, error) {
	if number == 0 {
		r.Time = t.Now()
		if plan.Resumes {
			number = plan.Recorded
		} else {
			claimed, err := t.claim(ctx, plan.Releases)
			if err != nil {
				return 0, err
			}
			number = claimed
		}
	}
	t.release, t.number, t.resumed = r, number, plan.Resumes
	for _, g := range t.planned() {
		for _, h := range g.taking() {
			h.interrupt(ctx, r.Names(), number, plan.Releases)
		}
	}
	return number, nil
}

// claim is the next number. The lock keeps others from it, but for those who deploy
// other services: where there are any, a folder of that name is made on one host.
func (t *Hosts) claim(ctx context.Context, releases []skycap.Release) (int, error) {
	next := 1
	if len(releases) > 0 {
		next = releases[0].Number + 1
	}
	if len(t.groups) == 1 {
		return next, nil
	}
	knowing, err := t.knowing(ctx)
	if err != nil {
		return 0, err
	}
	h := knowing[0]
	said, err := h.run(ctx, h.step("number", h.group.Service, script("prepare", "number"), strconv.Itoa(next)))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(said.first("number"))
}

// interrupt writes down of earlier releases of the same services how they ended, as
// other hosts know it, or else that they were cut off.
func (h *host) interrupt(ctx context.Context, services []string, number int, known []skycap.Release) {
	for _, earlier := range h.records {
		if earlier.Summary.Number == number || !release.Unfinished(earlier.Summary) || !isSubset(earlier.Summary.Services, services) {
			continue
		}
		end := skycap.Release{Result: skycap.ResultInterrupted, Ended: h.group.target.Now().UTC()}
		for _, one := range known {
			if one.Number == earlier.Summary.Number && !release.Unfinished(one) {
				end = one
			}
		}
		h.amend(ctx, earlier.Summary.Number, func(summary *skycap.Release) {
			summary.Result, summary.Ended = end.Result, end.Ended
		})
	}
}

func isSubset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(one string) bool { return !slices.Contains(all, one) })
}

// recording is the record of the release that was begun.
func (h *host) recording() (string, error) {
	t := h.group.target
	ours := *t.release
	ours.Services = slices.DeleteFunc(slices.Clone(ours.Services), func(s release.Service) bool { return s.Folder == nil })
	encoded, err := ours.Encode()
	if err != nil {
		return "", err
	}
	made := record{Summary: t.release.Summary(t.number), Release: encoded, Folder: h.todo.name}
	if earlier, ok := h.records[t.number]; ok && t.resumed {
		made.Summary.Time, made.Summary.Resumed = earlier.Summary.Time, t.release.Time.UTC()
	}
	if h.records == nil {
		h.records = map[int]record{}
	}
	h.records[t.number] = made
	return mustJSON(made), nil
}

// amend changes the summary in a record that the host has. Its end is waited for later.
func (h *host) amend(ctx context.Context, number int, change func(*skycap.Release)) {
	found, ok := h.records[number]
	if !ok {
		return
	}
	change(&found.Summary)
	h.records[number] = found
	h.later(ctx, h.writing("releases/"+strconv.Itoa(number)+".json", mustJSON(found)))
}

// amendAll changes a summary on all hosts that have it, and waits. What comes after
// may be sent in the same breath.
func (t *Hosts) amendAll(ctx context.Context, numbers []int, change func(*skycap.Release), after func(*host)) error {
	knowing, err := t.knowing(ctx)
	if err != nil {
		return err
	}
	errs := each(knowing, func(h *host) error {
		for _, number := range numbers {
			h.amend(ctx, number, change)
		}
		after(h)
		return h.settled(ctx)
	})
	if slices.Contains(errs, nil) {
		for i, h := range knowing {
			if namesHost(h.outcome.err) {
				errs[i] = nil // it was lost before, which is told, and others know
			}
		}
	}
	return joined(errs)
}

// End writes down how a release ended. A good end is the last that is done under the
// lock, so that is given back in the same round trip.
func (t *Hosts) End(ctx context.Context, number int, result skycap.Word) error {
	ended := t.Now().UTC().Truncate(time.Second)
	after := func(*host) {}
	if result == skycap.ResultOK {
		after = (*host).unlock
	}
	return t.amendAll(ctx, []int{number}, func(summary *skycap.Release) {
		summary.Ended = ended
		if result != "" {
			summary.Result = result
		}
	}, after)
}

// Leave writes down which rollback left releases.
func (t *Hosts) Leave(ctx context.Context, numbers []int, by int) error {
	if len(numbers) == 0 {
		return nil
	}
	return t.amendAll(ctx, numbers, func(summary *skycap.Release) { summary.LeftBy = by }, func(*host) {})
}

// planned are the groups that the release which was begun has services in.
func (t *Hosts) planned() []*group {
	return slices.DeleteFunc(t.chosen(t.release.Names()), func(g *group) bool {
		return !slices.ContainsFunc(t.release.Services, func(s release.Service) bool { return s.Place() == g.place() })
	})
}

var errNotBegun = errors.New("no release was begun")
