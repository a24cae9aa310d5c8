package endtoend

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// freeTime is how long after a kill the next run may still wait for the lock.
const freeTime = 15 * time.Second

// fault is one run that is killed, and what is typed next.
type fault struct {
	victim, next string
	phase        string // that has begun; empty: any moment of the run
}

// faults are gone through in turns.
func faults() []fault {
	return []fault{
		{victim: "deploy", next: "deploy"},
		{victim: "deploy", next: "deploy", phase: "apply"},
		{victim: "deploy", next: "attach", phase: "wait"},
		{victim: "deploy", next: "rollback", phase: "wait"},
		{victim: "rollback", next: "rollback", phase: "wait"},
		{victim: "deploy", next: "deploy"},
		{victim: "deploy", next: "rollback", phase: "apply"},
		{victim: "rollback", next: "rollback"},
		{victim: "deploy", next: "deploy", phase: "check"},
		{victim: "rollback", next: "rollback", phase: "apply"},
	}
}

// Whenever a run is killed, the next one is not kept waiting for long, brings the
// environment to what was wanted, and leaves a history that is true.
func TestKilledRunsAreTakenUp(t *testing.T) {
	t.Parallel()
	needLab(t)
	runs, lanes := 4, 2
	if wanted := os.Getenv("FAULTS"); wanted != "" {
		var err error
		runs, err = strconv.Atoi(wanted)
		require.NoError(t, err)
		lanes = 4
	}
	var total tally
	t.Cleanup(func() { t.Log(total.String()) }) // after all lanes
	for number := range lanes {
		t.Run(fmt.Sprintf("lane %d", number), func(t *testing.T) {
			t.Parallel()
			l := newLane(t, uint64(number), &total)
			for i := number; i < runs; i += lanes {
				l.run(faults()[i%len(faults())])
			}
		})
	}
}

// lane is a series of faults in one namespace.
type lane struct {
	*checkout
	random    *rand.Rand
	revisions []string // each differs from the others in what runs
	current   string   // the revision that runs
	usual     time.Duration
	healthy   map[int]bool // the releases that a run saw healthy
	total     *tally
}

func newLane(t *testing.T, seed uint64, total *tally) *lane {
	t.Helper()
	c := newCheckout(t)
	l := &lane{checkout: c, random: rand.New(rand.NewPCG(seed, 1)), healthy: map[int]bool{}, total: total}
	manifest := "deploy/web/deployment.yaml"
	l.revisions = []string{
		c.commitEdit(manifest, "terminationGracePeriodSeconds: 5", "terminationGracePeriodSeconds: 1"),
		c.commit(greeting, "Another greeting.\n"),
		c.commitEdit(manifest, "          ports:", "          env: [{name: ANOTHER, value: manifest}]\n          ports:"),
	}
	l.deployed(l.revisions[0])
	begun := time.Now()
	l.deployed(l.revisions[1])
	l.usual = time.Since(begun)
	return l
}

// deployed deploys a revision undisturbed.
func (l *lane) deployed(revision string) {
	l.t.Helper()
	l.healthy[l.deploy(revision, "staging", "--yes").Release] = true
	l.current = revision
}

// other is any revision but that which runs.
func (l *lane) other() string {
	for {
		if revision := l.revisions[l.random.IntN(len(l.revisions))]; revision != l.current {
			return revision
		}
	}
}

// words are the command line of a command that would bring a revision.
func words(command, revision string) []string {
	more := []string{"staging", "--timeout=90s", "--yes", "-o", "json"}
	if command == "deploy" {
		more = append([]string{revision}, more...)
	}
	return append([]string{command}, more...)
}

func (l *lane) run(f fault) {
	l.t.Helper()
	former, wanted := l.current, l.other()
	if f.victim == "rollback" {
		l.deployed(wanted)
		wanted = former
	}
	before := l.history("staging")
	killed := l.kill(f, words(f.victim, wanted))
	if !killed.before && (f.next == "rollback") { // it had ended: going back again would lead elsewhere
		f.next = "deploy"
	}
	if f.victim == "deploy" && f.next == "rollback" {
		wanted = former
	}
	o := l.skycap(words(f.next, wanted)...)
	what := fmt.Sprintf("%s killed in %q after %s, then %s", f.victim, f.phase, killed.after, f.next)
	require.Zero(l.t, o.code, "%s:\n%s\n%s\n%s", what, killed.stdout, o.stdout, o.stderr)
	result := l.result(o)
	assert.True(l.t, result.Healthy, what)
	l.healthy[result.Release] = true
	l.current = wanted
	free := freed(l.events(o), killed)
	assert.LessOrEqual(l.t, free, freeTime, what)

	status := l.status("staging")
	assert.Equal(l.t, skycap.StateHealthy, status.State, what)
	assert.Equal(l.t, wanted, status.Revision, what)
	after := l.history("staging")
	l.assertTrue(after, before[0].Number, f.next, what)
	l.assertReferences(what)
	if f.next != "attach" { // which takes no lock, and so leaves that of the dead
		leases := kubectl(l.t, "--namespace="+l.staging, "get", "leases", "--selector=skycap.dev/lock", "--output=name")
		assert.Empty(l.t, leases, what)
	}
	l.total.add(killed, after, before[0].Number, result.Release, free)
}

func TestReleaseThatIsTakenUpIsUnderWay(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	node := c.commitEdit("deploy/web/deployment.yaml", "periodSeconds: 1", "initialDelaySeconds: 80") // until then it is on its way
	r := c.start("deploy", node, "staging", "--timeout=90s", "-o", "json")
	r.until(begins("wait"))
	require.NoError(t, r.program.Process.Kill())
	r.end()
	c.removeLeft()

	r = c.start("deploy", node, "staging", "--timeout=90s", "-o", "json")
	r.until(func(event skycap.Event) bool { return strings.Contains(event.Message, "taken up again") })
	releases := c.history("staging")
	require.Len(t, releases, 1)
	assert.True(t, releases[0].UnderWay)
	assert.True(t, releases[0].Resumed.After(releases[0].Time))
	r.interrupt(os.Interrupt)
	releases = c.history("staging")
	assert.False(t, releases[0].UnderWay)
	assert.Equal(t, skycap.ResultInterrupted, releases[0].Result)
}

// removeLeft removes the folders that a killed run left, as a run does that is later.
func (c *checkout) removeLeft() {
	c.t.Helper()
	left, err := filepath.Glob(filepath.Join(c.temporary, "skycap-*"))
	require.NoError(c.t, err)
	for _, folder := range left {
		require.NoError(c.t, os.RemoveAll(folder))
	}
}
