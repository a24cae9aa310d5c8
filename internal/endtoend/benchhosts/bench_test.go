// Package benchhosts holds no code: its test measures deploys to real sshds, by
// the built skycap and by others, and writes docs/bench-hosts.md.
package benchhosts

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/endtoend/measure"
)

// Of what is measured.
const (
	hostCount = 8
	manyHosts = 50
	fileCount = 1000
	fileSize  = 10_000 // bytes
)

// bench is one run: hosts, what is deployed to them, and what was measured.
type bench struct {
	*site
	source
	peers  string // folder of the configurations of other tools
	rounds int

	first, second map[string][]float64 // seconds, by tool
	bytes         [2][]int64           // that went over the wire, of each host: of the first deploy and the second
	trips         trips
	many          ran
}

// TestHosts measures. BENCH_HOSTS is how many rounds of all tools there are.
func TestHosts(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("BENCH_HOSTS"))
	if err != nil {
		t.Skip("measures for minutes: make bench-hosts")
	}
	b := newBench(t, rounds)
	for round := range rounds {
		for i := range tools() {
			b.race(t, tools()[(round+i)%len(tools())])
		}
	}
	b.countBytes(t)
	b.countTrips(t)
	b.deployToMany(t)

	verdicts := b.verdicts()
	measure.Write(t, "../../../docs/bench-hosts.md", "bench-hosts", b.tables(verdicts))
	for _, v := range verdicts {
		assert.LessOrEqual(t, v.measured, v.most, v.what)
		assert.GreaterOrEqual(t, v.measured, v.least, v.what)
	}
}

func newBench(t *testing.T, rounds int) *bench {
	t.Helper()
	b := &bench{rounds: rounds, first: map[string][]float64{}, second: map[string][]float64{}}
	b.site = newSite(t, manyHosts)
	b.source = newSource(t, b.site)
	b.peers = t.TempDir()
	b.prepareCapistrano(t)
	b.prepareAnsible(t)
	return b
}

// tool is a way to deploy.
type tool struct {
	name   string
	first  func(*bench, *testing.T) float64 // deploys the first revision where there is nothing
	second func(*bench, *testing.T) float64 // deploys the second after that; may be nil
}

func tools() []tool {
	return []tool{
		{"tar, ssh", (*bench).byTar, nil},
		{"skycap",
			func(b *bench, t *testing.T) float64 { return b.skycap(t, b.direct, b.revisions[0], "eight").seconds },
			func(b *bench, t *testing.T) float64 { return b.skycap(t, b.direct, b.revisions[1], "eight").seconds }},
		{"Capistrano",
			func(b *bench, t *testing.T) float64 { return b.byCapistrano(t, b.revisions[0]) },
			func(b *bench, t *testing.T) float64 { return b.byCapistrano(t, b.revisions[1]) }},
		{"Ansible", (*bench).byAnsible, nil},
	}
}

// race has a tool deploy to hosts that have nothing, and proves that it did.
func (b *bench) race(t *testing.T, tool tool) {
	t.Helper()
	b.clear(t)
	seconds := tool.first(b, t)
	b.prove(t, hostCount, 0)
	b.first[tool.name] = append(b.first[tool.name], seconds)
	t.Logf("%-10s first  %.2f s", tool.name, seconds)
	if tool.second == nil {
		return
	}
	seconds = tool.second(b, t)
	b.prove(t, hostCount, 1)
	b.second[tool.name] = append(b.second[tool.name], seconds)
	t.Logf("%-10s second %.2f s", tool.name, seconds)
}

func (b *bench) deployToMany(t *testing.T) {
	t.Helper()
	b.clear(t)
	b.many = b.skycap(t, b.direct, b.revisions[0], "fifty")
	b.prove(t, manyHosts, 0)
	require.NotZero(t, b.many.memory)
	t.Logf("%d hosts: %.2f s, %d MiB", manyHosts, b.many.seconds, b.many.memory>>10)
}
