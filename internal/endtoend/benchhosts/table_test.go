package benchhosts

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Between these lines of docs/bench-hosts.md lies what a run has measured.
const (
	tablesBegin = "<!-- made by make bench-hosts: begin -->\n"
	tablesEnd   = "<!-- made by make bench-hosts: end -->\n"
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
	first := func(name string) float64 { return median(b.first[name]) }
	second := func(name string) float64 { return median(b.second[name]) }
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

// write puts the tables of this run into docs/bench-hosts.md.
func (b *bench) write(t *testing.T, verdicts []verdict) {
	t.Helper()
	const page = "../../../docs/bench-hosts.md"
	content, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, begins := strings.Cut(string(content), tablesBegin)
	_, after, ends := strings.Cut(rest, tablesEnd)
	require.True(t, begins && ends, "%s lacks its markers", page)
	tables := b.tables(verdicts)
	t.Log("\n" + tables)
	require.NoError(t, os.WriteFile(page, []byte(before+tablesBegin+"\n"+tables+"\n"+tablesEnd+after), 0o644))
}

func (b *bench) tables(verdicts []verdict) string {
	var out strings.Builder
	out.WriteString("| what | measured | at most | |\n| --- | --- | --- | --- |\n")
	for _, v := range verdicts {
		out.WriteString(v.String())
	}
	fmt.Fprintf(&out, "\n| %d hosts, %d rounds | first deploy, s | second deploy, s |\n| --- | --- | --- |\n", hostCount, b.rounds)
	for _, tool := range tools() {
		fmt.Fprintf(&out, "| %s | %s | %s |\n", tool.name, spread(b.first[tool.name]), spread(b.second[tool.name]))
	}
	fmt.Fprintf(&out, "\n| one host, %d rounds | near, s | 50 ms away, s | round trips |\n| --- | --- | --- | --- |\n", len(b.trips.first[0]))
	for _, row := range []struct {
		name  string
		times [2][]float64
	}{{"`ssh host true`", b.trips.connect}, {"first deploy", b.trips.first}, {"second deploy", b.trips.second}} {
		fmt.Fprintf(&out, "| %s | %s | %s | %.1f |\n", row.name, spread(row.times[0]), spread(row.times[1]), tripsOf(row.times))
	}
	fmt.Fprintf(&out, "\nBytes of one host on the wire, both ways: %d in the first deploy, %d in the second. A deploy to %d hosts took\n%.1f s; skycap itself needed %d MiB.\n",
		slices.Min(b.bytes[0]), slices.Max(b.bytes[1]), manyHosts, b.many.seconds, b.many.memory>>10)
	return out.String()
}

// median of times, of which there is one at least.
func median(times []float64) float64 {
	sorted := slices.Sorted(slices.Values(times))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// spread is the median, the least and the most.
func spread(times []float64) string {
	if len(times) == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", median(times), slices.Min(times), slices.Max(times))
}
