package release

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/skycap/skycap/pkg/skycap"
)

// Healthy reports whether a release was seen healthy.
func Healthy(r skycap.Release) bool { return r.Result == skycap.ResultOK }

// Unfinished reports whether nobody wrote down how a release ended: it is under
// way, or its command was killed.
func Unfinished(r skycap.Release) bool { return r.Result == "" && r.Ended.IsZero() }

// Of is the newest of the releases, which are in order, that has a service.
func Of(releases []skycap.Release, service string) (skycap.Release, bool) {
	at := slices.IndexFunc(releases, func(r skycap.Release) bool { return slices.Contains(r.Services, service) })
	if at < 0 {
		return skycap.Release{}, false
	}
	return releases[at], true
}

// LastHealthy is the newest release before a number that has the service and was
// healthy.
func LastHealthy(releases []skycap.Release, service string, before int) (skycap.Release, bool) {
	return Of(keep(releases, func(r skycap.Release) bool { return r.Number < before && Healthy(r) }), service)
}

// current is the newest of the releases that has a service, and that no other tool
// has taken back.
func current(releases []skycap.Release, service string) (skycap.Release, bool) {
	return Of(keep(releases, func(r skycap.Release) bool { return !r.Undone }), service)
}

// Live is the newest of the releases that has a service, that changed something, and
// that no other tool has taken back.
func Live(releases []skycap.Release, service string) (skycap.Release, bool) {
	return current(keep(releases, func(r skycap.Release) bool { return r.Result != skycap.ResultFailed }), service)
}

func keep(releases []skycap.Release, wanted func(skycap.Release) bool) []skycap.Release {
	return slices.DeleteFunc(slices.Clone(releases), func(r skycap.Release) bool { return !wanted(r) })
}

// NoWayBackError says that there is no release to go back to.
type NoWayBackError struct {
	Environment, Service string
	To                   int    // that was asked for; 0 for the last good one
	Why                  string // in words
}

func (e *NoWayBackError) Error() string {
	text := fmt.Sprintf("service %q in environment %q has no release to go back to", e.Service, e.Environment)
	if e.To > 0 {
		text = fmt.Sprintf("service %q can't go back to release %d of environment %q", e.Service, e.To, e.Environment)
	}
	return text + ": " + e.Why
}

// Back is where a rollback goes: for each service the number of the release that
// is put back. Releases are newest first. Without a number, that is the newest
// healthy one before the service's current that nobody rolled back from and that is
// there still; with
// one, what ran after it. A rollback counts as what it put back. One that was cut
// off counts for nothing: the way back is the same still.
func Back(releases []skycap.Release, environment string, services []string, to int) (map[string]int, error) {
	back := map[string]int{}
	for _, service := range services {
		var found skycap.Release
		var err error
		if to > 0 {
			found, err = ranAfter(releases, environment, service, to)
		} else {
			found, err = lastGood(withoutCutOff(releases, service), environment, service)
		}
		if err != nil {
			return nil, err
		}
		back[service] = found.Number
	}
	return back, nil
}

func ranAfter(releases []skycap.Release, environment, service string, to int) (skycap.Release, error) {
	fault := &NoWayBackError{Environment: environment, Service: service, To: to}
	if !slices.ContainsFunc(releases, func(r skycap.Release) bool { return r.Number == to }) {
		fault.Why = "there is no such release; there are " + numbers(releases)
		return skycap.Release{}, fault
	}
	found, ok := Of(keep(releases, func(r skycap.Release) bool { return r.Number <= to && r.Result != skycap.ResultFailed }), service)
	if !ok {
		fault.Why = "none up to it has the service"
		return skycap.Release{}, fault
	}
	return found, nil
}

// withoutCutOff are the releases as they were before the rollbacks of a service
// that were cut off last, and without the marks of those.
func withoutCutOff(releases []skycap.Release, service string) []skycap.Release {
	for {
		current, ok := Of(releases, service)
		if !ok || current.Kind != Rollback || !Unfinished(current) && current.Result != skycap.ResultInterrupted {
			return releases
		}
		releases = keep(releases, func(r skycap.Release) bool { return r.Number != current.Number })
		for i := range releases {
			if releases[i].LeftBy == current.Number {
				releases[i].LeftBy = 0
			}
		}
	}
}

func lastGood(releases []skycap.Release, environment, service string) (skycap.Release, error) {
	fault := &NoWayBackError{Environment: environment, Service: service}
	current, ok := current(releases, service)
	if !ok {
		fault.Why = "it was never deployed"
		return skycap.Release{}, fault
	}
	origin, before := origins(releases, current), current.Number
	if current.Replaced { // it ran before what another tool has deployed
		origin, before = nil, before+1
	}
	good := keep(releases, func(r skycap.Release) bool {
		return r.Number < before && Healthy(r) && r.LeftBy == 0 && !r.Gone && !origin[r.Number] && !left(releases, r)
	})
	found, ok := Of(good, service)
	if !ok {
		fault.Why = fmt.Sprintf("none before release %d was healthy and not rolled back from", current.Number)
		return skycap.Release{}, fault
	}
	return found, nil
}

// origins are the numbers that a release stands for: its own and, of a rollback,
// that of what it put back.
func origins(releases []skycap.Release, of skycap.Release) map[int]bool {
	found := map[int]bool{}
	for number := of.Number; number > 0 && !found[number]; {
		found[number] = true
		at := slices.IndexFunc(releases, func(r skycap.Release) bool { return r.Number == number })
		if at < 0 {
			break
		}
		number = releases[at].Of
	}
	return found
}

// left reports whether what a release stands for was rolled back from.
func left(releases []skycap.Release, of skycap.Release) bool {
	origin := origins(releases, of)
	return slices.ContainsFunc(releases, func(r skycap.Release) bool { return origin[r.Number] && r.LeftBy > 0 })
}

func numbers(releases []skycap.Release) string {
	var texts []string
	for _, r := range releases {
		texts = append(texts, strconv.Itoa(r.Number))
	}
	if len(texts) == 0 {
		return "none"
	}
	return strings.Join(texts, ", ")
}

// Left are the releases that a rollback of services leaves: for each service the
// one that is current, and what that stands for. What another tool has deployed
// after it has no number.
func Left(releases []skycap.Release, services []string) []int {
	all := map[int]bool{}
	for _, service := range services {
		if current, ok := current(releases, service); ok && !current.Replaced {
			maps.Copy(all, origins(releases, current))
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// WasLeft is the release of a revision that was rolled back from last, if nobody
// deployed that revision again with success since.
func WasLeft(releases []skycap.Release, revision string, services []string) (skycap.Release, bool) {
	for _, service := range services {
		of := keep(releases, func(r skycap.Release) bool {
			return r.Revision == revision && r.Kind != Rollback && (Healthy(r) || r.LeftBy > 0)
		})
		if found, ok := Of(of, service); ok && found.LeftBy > 0 {
			return found, true
		}
	}
	return skycap.Release{}, false
}

// KeptReleases is how many records are kept for each app and environment. Beyond
// it stay those that a rollback could need: the two newest healthy ones of each
// service, its current one, and what rollbacks among them stand for.
const KeptReleases = 20

// Expired are the releases whose records may go. Releases are newest first.
func Expired(releases []skycap.Release) []skycap.Release {
	needed := map[int]bool{}
	seen, healthy := map[string]bool{}, map[string]int{}
	for i, r := range releases {
		need := i < KeptReleases
		for _, service := range r.Services {
			need = need || !seen[service] || Healthy(r) && r.LeftBy == 0 && healthy[service] < 2
			if seen[service] = true; Healthy(r) && r.LeftBy == 0 {
				healthy[service]++
			}
		}
		if need {
			maps.Copy(needed, origins(releases, r))
		}
	}
	return keep(releases, func(r skycap.Release) bool { return !needed[r.Number] })
}
