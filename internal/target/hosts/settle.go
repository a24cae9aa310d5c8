package hosts

import (
	"context"
	"slices"
	"strconv"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Settle removes release folders and records that nobody needs any more. Its end is
// waited for by End, so that both cost one round trip.
func (t *Hosts) Settle(ctx context.Context, _ target.Plan, r *release.Release, number int) error {
	for _, g := range t.planned() {
		service, _ := r.At(g.place())
		for _, h := range g.taking() {
			if old := h.obsolete(service, number); len(old) > 0 && h.session != nil {
				step := h.step("clean up", g.Service, script("settle"), old...)
				step.User, step.Timeout = g.Service.Owner, stageTime
				h.later(ctx, step)
			}
		}
	}
	return nil
}

// obsolete are the names of folders and records that may go: of folders all but the
// newest ones that are not known to be broken, the one that runs, and the last
// healthy one before it. As with Capistrano, these count as kept.
func (h *host) obsolete(service release.Service, number int) []string {
	summaries := h.summaries()
	var old []string
	for _, expired := range release.Expired(summaries) {
		old = append(old, strconv.Itoa(expired.Number)+".json")
	}
	needed := map[string]bool{h.todo.name: true}
	if before := h.before(service.Name, summaries, number); before != "" {
		needed[before] = true
	}
	kept := len(needed)
	for _, one := range slices.Backward(h.todo.found) {
		switch {
		case !stampPattern.MatchString(one.name): // nobody's but the owner's
		case needed[one.name]:
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

// before is the folder to go back to: of the last healthy release before this one, or
// what ran, where only Capistrano knows of it. It is empty where there is none.
func (h *host) before(service string, summaries []skycap.Release, number int) string {
	if left := h.todo.left; left != "" && left != h.todo.name && h.numberOf(left) == 0 {
		return left
	}
	for _, summary := range summaries {
		name := h.records[summary.Number].Folder
		isThere := slices.ContainsFunc(h.todo.found, func(one folder) bool { return one.name == name })
		if isThere && summary.Number < number && release.Healthy(summary) && summary.LeftBy == 0 && name != h.todo.name && slices.Contains(summary.Services, service) {
			return name
		}
	}
	return ""
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
