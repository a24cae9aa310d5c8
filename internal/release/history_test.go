package release

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// made is a healthy release of web, unless it is changed.
func made(number int, change ...func(*skycap.Release)) skycap.Release {
	r := skycap.Release{Number: number, Kind: Deploy, Result: skycap.ResultOK, Services: []string{"web"}, Ended: time.Unix(1, 0)}
	for _, apply := range change {
		apply(&r)
	}
	return r
}

func result(word skycap.Word) func(*skycap.Release) {
	return func(r *skycap.Release) { r.Result = word }
}

func of(number int) func(*skycap.Release) {
	return func(r *skycap.Release) { r.Kind, r.Of = Rollback, number }
}

func leftBy(number int) func(*skycap.Release) { return func(r *skycap.Release) { r.LeftBy = number } }

func having(names ...string) func(*skycap.Release) {
	return func(r *skycap.Release) { r.Services = names }
}

// undone and gone are what another tool has done to a release.
func undone(r *skycap.Release) { r.Undone = true }
func gone(r *skycap.Release)   { r.Gone = true }

func replaced(r *skycap.Release) { r.Replaced = true }

func cutOff(r *skycap.Release) { r.Result, r.Ended = "", time.Time{} }

func TestBack(t *testing.T) {
	t.Parallel()
	unhealthy := result(skycap.ResultUnhealthy)
	for name, test := range map[string]struct {
		releases []skycap.Release // newest first
		services []string
		to       int
		want     map[string]int
		fault    string
	}{
		"to the one before":          {releases: []skycap.Release{made(2), made(1)}, want: map[string]int{"web": 1}},
		"from one that failed":       {releases: []skycap.Release{made(3, unhealthy), made(2), made(1)}, want: map[string]int{"web": 2}},
		"past one that failed":       {releases: []skycap.Release{made(3), made(2, unhealthy), made(1)}, want: map[string]int{"web": 1}},
		"past one that was left":     {releases: []skycap.Release{made(3), made(2, leftBy(9)), made(1)}, want: map[string]int{"web": 1}},
		"past one nobody waited for": {releases: []skycap.Release{made(3), made(2, result("")), made(1)}, want: map[string]int{"web": 1}},
		"past one that is gone":      {releases: []skycap.Release{made(3), made(2, gone), made(1)}, want: map[string]int{"web": 1}},
		"from what another tool has put back": {
			releases: []skycap.Release{made(3, undone, gone), made(2), made(1)}, want: map[string]int{"web": 1},
		},
		"from what another tool has deployed": {
			releases: []skycap.Release{made(3, replaced), made(2), made(1)}, want: map[string]int{"web": 3},
		},
		"from nothing, where the newest is gone": {
			releases: []skycap.Release{made(3, gone), made(2), made(1)}, want: map[string]int{"web": 2},
		},
		"a rollback counts as what it put back": {
			releases: []skycap.Release{made(4, of(2)), made(3, unhealthy, leftBy(4)), made(2), made(1)}, want: map[string]int{"web": 1},
		},
		"to a rollback": {
			releases: []skycap.Release{made(5, unhealthy), made(4, of(2)), made(3, leftBy(4)), made(2), made(1)}, want: map[string]int{"web": 4},
		},
		"never to and fro": {
			releases: []skycap.Release{made(6, of(1)), made(5, of(2), leftBy(6)), made(2, leftBy(6)), made(1)},
			fault:    "none before release 6 was healthy and not rolled back from",
		},
		"a rollback that was cut off is taken up": {
			releases: []skycap.Release{made(4, of(2), cutOff), made(3, unhealthy), made(2), made(1)}, want: map[string]int{"web": 2},
		},
		"one that was interrupted too": {
			releases: []skycap.Release{made(4, of(2), result(skycap.ResultInterrupted)), made(3, unhealthy), made(2, leftBy(4)), made(1)},
			want:     map[string]int{"web": 2},
		},
		"each service on its own": {
			releases: []skycap.Release{made(4, having("web", "api")), made(3, having("api")), made(2, having("web"))},
			services: []string{"web", "api"}, want: map[string]int{"web": 2, "api": 3},
		},
		"to what ran after another": {
			releases: []skycap.Release{made(4, having("web")), made(3, having("api")), made(2, having("web"))},
			services: []string{"web"}, to: 3, want: map[string]int{"web": 2},
		},
		"to a number, though it was left": {releases: []skycap.Release{made(2), made(1, leftBy(2))}, to: 1, want: map[string]int{"web": 1}},
		"to a number that isn't there":    {releases: []skycap.Release{made(3), made(1)}, to: 2, fault: "there is no such release; there are 3, 1"},
		"to one before the service was there": {
			releases: []skycap.Release{made(3), made(1, having("api"))}, to: 1, fault: "none up to it has the service",
		},
		"never deployed": {releases: []skycap.Release{made(1, having("api"))}, fault: "it was never deployed"},
		"the first":      {releases: []skycap.Release{made(1)}, fault: "none before release 1 was healthy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.services == nil {
				test.services = []string{"web"}
			}
			back, err := Back(test.releases, "staging", test.services, test.to)
			if test.fault != "" {
				var noWay *NoWayBackError
				require.ErrorAs(t, err, &noWay)
				require.ErrorContains(t, err, test.fault)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, back)
		})
	}
}

func TestLeft(t *testing.T) {
	t.Parallel()
	releases := []skycap.Release{made(4, of(2)), made(3, having("api")), made(2), made(1)}
	assert.Equal(t, []int{2, 4}, Left(releases, []string{"web"}), "a rollback, and what it put back")
	assert.Equal(t, []int{2, 3, 4}, Left(releases, []string{"api", "web"}))
	assert.Empty(t, Left(nil, []string{"web"}))
	assert.Equal(t, []int{2}, Left([]skycap.Release{made(3, undone), made(2), made(1)}, []string{"web"}), "that ran")
	assert.Empty(t, Left([]skycap.Release{made(2, replaced), made(1)}, []string{"web"}), "it has been left already")
}

func TestWasLeft(t *testing.T) {
	t.Parallel()
	revision := func(id string) func(*skycap.Release) { return func(r *skycap.Release) { r.Revision = id } }
	left := made(2, revision("b"), leftBy(3))
	releases := []skycap.Release{made(3, of(1), revision("a")), left, made(1, revision("a"))}
	found, was := WasLeft(releases, "b", []string{"web"})
	assert.True(t, was)
	assert.Equal(t, left, found)
	_, was = WasLeft(releases, "a", []string{"web"})
	assert.False(t, was)
	_, was = WasLeft(append([]skycap.Release{made(4, revision("b"))}, releases...), "b", []string{"web"})
	assert.False(t, was, "it was deployed again since")
}

func TestExpired(t *testing.T) {
	t.Parallel()
	var releases []skycap.Release
	for number := KeptReleases + 10; number > 0; number-- {
		releases = append(releases, made(number, result(skycap.ResultUnhealthy)))
	}
	at := func(number int) *skycap.Release { return &releases[len(releases)-number] }
	at(9).Result, at(8).Result, at(7).Result = skycap.ResultOK, skycap.ResultOK, skycap.ResultOK
	*at(6) = made(6, having("api"), result(skycap.ResultUnhealthy))
	at(8).Kind, at(8).Of = Rollback, 3
	var numbers []int
	for _, r := range Expired(releases) {
		numbers = append(numbers, r.Number)
	}
	assert.Equal(t, []int{10, 7, 5, 4, 2, 1}, numbers,
		"beyond the newest stay two healthy ones, what a rollback put back, and the only one of a service")
	assert.Empty(t, Expired(releases[:KeptReleases]))
}
