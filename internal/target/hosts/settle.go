package hosts

import (
	"context"
	"slices"
	"strconv"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Settle removes release folders and records that nobody needs any more. That may
// take its time, which End doesn't have: so it is waited for here.
func (t *Hosts) Settle(ctx context.Context, _ target.Plan, r *release.Release, number int) error {
	var faults []error
	for _, g := range t.planned() {
		service, _ := r.At(g.place())
		faults = append(faults, each(g.taking(), func(h *host) error { return h.settle(ctx, service, number) })...)
	}
	return joined(faults)
}

func (h *host) settle(ctx context.Context, service release.Service, number int) error {
	old := h.obsolete(service, number)
	if len(old) == 0 {
		return nil
	}
	step := h.step("clean up", h.group.Service, script("settle"), old...)
	step.User, step.Timeout = h.group.Service.Owner, stageTime
	_, err := h.run(ctx, step)
	return err
}

// obsolete are the names of folders and records that may go: of folders all but the
// newest ones that are not known to be broken, the one that runs, and the last
// healthy one before it.
func (h *host) obsolete(service release.Service, number int) []string {
	summaries := h.summaries()
	var old []string
	for _, expired := range release.Expired(summaries) {
		old = append(old, strconv.Itoa(expired.Number)+".json")
	}
	kept := 0
	needed := h.needed(service.Name, summaries, number)
	for _, one := range slices.Backward(h.todo.found) {
		switch {
		case !stampPattern.MatchString(one.name): // nobody's but the owner's
		case one.name == h.todo.name || needed[one.name]:
			kept++
		case h.isBroken(one.name) || kept >= service.Folder.Service.KeepReleases:
			old = append(old, one.name)
		default:
			kept++
		}
	}
	return old
}

func (h *host) summaries() []skycap.Release {
	var summaries []skycap.Release
	for _, found := range h.records {
		summaries = append(summaries, found.Summary)
	}
	slices.SortFunc(summaries, func(a, b skycap.Release) int { return b.Number - a.Number })
	return summaries
}

// needed is the folder of the last healthy release before this one.
func (h *host) needed(service string, summaries []skycap.Release, number int) map[string]bool {
	needed := map[string]bool{}
	for _, summary := range summaries {
		name := h.records[summary.Number].Folder
		if summary.Number < number && release.Healthy(summary) && summary.LeftBy == 0 && name != h.todo.name && slices.Contains(summary.Services, service) {
			needed[name] = true
			break
		}
	}
	return needed
}

// isBroken reports whether a folder was deployed, and never seen healthy.
func (h *host) isBroken(name string) bool {
	known := false
	for _, found := range h.records {
		if found.Folder == name {
			if release.Healthy(found.Summary) || found.Summary.Result == "" {
				return false
			}
			known = true
		}
	}
	return known
}
