package benchhosts

import (
	"slices"
	"testing"
)

// countBytes deploys twice over networks that count.
func (b *bench) countBytes(t *testing.T) {
	t.Helper()
	b.clear(t)
	for i, revision := range b.revisions {
		before := b.carried()
		b.skycap(t, b.counted, revision, "eight")
		for host, total := range b.carried() {
			b.bytes[i] = append(b.bytes[i], total-before[host])
		}
	}
	t.Logf("bytes a host: %d first, %d second", b.bytes[0], b.bytes[1])
}

// carried is how many bytes each host's network has carried so far, both ways.
func (b *bench) carried() []int64 {
	var totals []int64
	for _, network := range b.networks[:hostCount] {
		up, down := network.Bytes()
		totals = append(totals, up+down)
	}
	return totals
}

// trips is how long things take that are done on one host, near and far, in seconds.
type trips struct {
	connect, first, second [2][]float64
}

// countTrips deploys to one host, near and far in turn. Where a busy machine hides what
// is looked for, it goes on for a while.
func (b *bench) countTrips(t *testing.T) {
	t.Helper()
	for round := 0; round < 2*b.rounds || round < 6*b.rounds && !b.trips.told(); round++ {
		for i, config := range []string{b.counted, b.far} {
			b.clear(t)
			b.trips.connect[i] = append(b.trips.connect[i], timed(t, "", nil, nil, "ssh", "-F", config, "--", "h1", "true").seconds)
			b.trips.first[i] = append(b.trips.first[i], b.skycap(t, config, b.revisions[0], "one").seconds)
			b.trips.second[i] = append(b.trips.second[i], b.skycap(t, config, b.revisions[1], "one").seconds)
			b.prove(t, 1, 1)
		}
	}
	t.Logf("round trips: connect %.1f, first %.1f, second %.1f", tripsOf(b.trips.connect), tripsOf(b.trips.first), tripsOf(b.trips.second))
}

// told reports whether there are as many as there must be.
func (t trips) told() bool { return tripsOf(t.first) >= leastTrips && tripsOf(t.second) >= leastTrips }

// tripsOf is how many round trips make the difference between near and far. The least
// times tell: what a busy machine adds is more than what is looked for.
func tripsOf(times [2][]float64) float64 {
	return (slices.Min(times[1]) - slices.Min(times[0])) / (2 * oneWay).Seconds()
}
