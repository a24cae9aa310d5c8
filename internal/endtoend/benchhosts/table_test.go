package benchhosts

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skycap/skycap/internal/endtoend/measure"
)

// verdict is a figure, and the most that it may be.
type verdict struct {
	what           string
	measured, most float64
	unit           string
	least          float64 // less can't be: then the machine was too busy to tell
}

// leastTrips are those that a deploy waits for, whatever is done meanwhile: for the
// lock, for the files, for the link and for the record.
const leastTrips = 4

func (v verdict) String() string {
	word := "met"
	switch {
	case v.measured < v.least:
		word = "**can't be told**"
	case v.measured > v.most:
		word = "**missed**"
	}
	return fmt.Sprintf("| %s | %.2f%s | %.2f%s | %s |\n", v.what, v.measured, v.unit, v.most, v.unit, word)
}

func (b *bench) verdicts() []verdict {
	first := func(name string) float64 { return measure.Median(b.first[name]) }
	second := func(name string) float64 { return measure.Median(b.second[name]) }
	return []verdict{
		{"first deploy, to tar and ssh", first("skycap") / first("tar, ssh"), 1.3, " ×", 0},
		{"first deploy, to Capistrano", first("skycap") / first("Capistrano"), 0.5, " ×", 0},
		{"first deploy, to Ansible", first("skycap") / first("Ansible"), 0.33, " ×", 0},
		{"second deploy, to Capistrano", second("skycap") / second("Capistrano"), 0.3, " ×", 0},
		{"bytes of the second deploy, to the first", float64(slices.Max(b.bytes[1])) / float64(slices.Min(b.bytes[0])) * 100, 2, " %", 0},
		{"round trips of a first deploy, ssh's own included", tripsOf(b.trips.first), 12, "", leastTrips},
		{"round trips of a second deploy, ssh's own included", tripsOf(b.trips.second), 12, "", leastTrips},
		{fmt.Sprintf("memory of skycap itself with %d hosts", manyHosts), float64(b.many.memory) / 1024, 120, " MiB", 0},
	}
}

func (b *bench) tables(verdicts []verdict) string {
	var out strings.Builder
	out.WriteString("| what | measured | at most | |\n| --- | --- | --- | --- |\n")
	for _, v := range verdicts {
		out.WriteString(v.String())
	}
	fmt.Fprintf(&out, "\n| %d hosts, %d rounds | first deploy, s | second deploy, s |\n| --- | --- | --- |\n", hostCount, b.rounds)
	for _, tool := range tools() {
		fmt.Fprintf(&out, "| %s | %s | %s |\n", tool.name, measure.Spread(b.first[tool.name], 2), measure.Spread(b.second[tool.name], 2))
	}
	fmt.Fprintf(&out, "\n| one host, %d rounds | near, s | 50 ms away, s | round trips |\n| --- | --- | --- | --- |\n", len(b.trips.first[0]))
	for _, row := range []struct {
		name  string
		times [2][]float64
	}{{"`ssh host true`", b.trips.connect}, {"first deploy", b.trips.first}, {"second deploy", b.trips.second}} {
		fmt.Fprintf(&out, "| %s | %s | %s | %.1f |\n", row.name, measure.Spread(row.times[0], 2), measure.Spread(row.times[1], 2), tripsOf(row.times))
	}
	fmt.Fprintf(&out, "\nBytes of one host on the wire, both ways: %d in the first deploy, %d in the second. A deploy to %d hosts took\n%.1f s; skycap itself needed %d MiB.\n",
		slices.Min(b.bytes[0]), slices.Max(b.bytes[1]), manyHosts, b.many.seconds, b.many.memory>>10)
	return out.String()
}
