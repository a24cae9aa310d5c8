package endtoend

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/pkg/skycap"
)

// Wherever a deploy to hosts is killed: nothing that is current is broken, the lock is
// free at once, the next deploy converges, and history tells what happened. With FAULTS
// set that is at every step, and so often evenly over a deploy's time.
func TestKilledDeploysToHosts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var err error
	k := &hostsKills{site: s, editions: map[string]string{}}
	first := k.next()
	begun := time.Now()
	o := s.skycap("deploy", first, "staging", "-o", "json")
	require.Zero(t, o.code, o.stderr+o.stdout)
	usual := time.Since(begun)
	marks, phases, sweeps := []string{"build", "restart"}, []string{"stage"}, 1
	if wanted := os.Getenv("FAULTS"); wanted != "" {
		marks = []string{"build", "before_publish", "after_publish", "restart", "check"}
		phases = []string{"prepare", "check", "stage", "apply", "wait"}
		sweeps, err = strconv.Atoi(wanted)
		require.NoError(t, err)
	}
	for _, mark := range marks {
		k.kill("at "+mark, func(*running) { s.waitAt(mark) }, mark)
	}
	for _, phase := range phases {
		k.kill("in phase "+phase, func(r *running) { r.until(begins(phase)) }, "")
	}
	for i := range sweeps {
		after := usual * time.Duration(i+1) / time.Duration(sweeps+1)
		k.kill("after "+after.String(), func(*running) { <-time.After(after) }, "")
	}
	t.Logf("%d kills: %d before a record, %d taken up, %d interrupted", k.count, k.unrecorded, k.resumed, k.interrupted)
}

// hostsKills is a series of killed deploys.
type hostsKills struct {
	*site
	editions                                map[string]string // by revision
	count, unrecorded, resumed, interrupted int
}

func (k *hostsKills) next() string {
	k.t.Helper()
	name := string(rune('a' + len(k.editions)%26))
	revision := k.edition(name + time.Now().Format(time.StampNano))
	k.editions[revision] = trimmed(k.read("program"))
	return revision
}

func trimmed(text string) string { return text[:len(text)-1] }

// kill kills a deploy at a moment, and deploys again: the same or, in turn, another.
func (k *hostsKills) kill(what string, moment func(*running), mark string) {
	k.t.Helper()
	before := k.releases()
	wanted := k.next()
	if mark != "" {
		k.hold(mark)
	}
	r := k.start("deploy", wanted, "staging", "-o", "json")
	moment(r)
	require.NoError(k.t, r.program.Process.Kill())
	killed := time.Now()
	r.end()
	if mark != "" {
		k.pass(mark)
	}
	k.removeLeft()
	k.assertWhole(what, k.editions)
	if k.count++; k.count%2 == 0 {
		wanted = k.next()
	}
	o := k.skycap("deploy", wanted, "staging", "-o", "json")
	require.Zero(k.t, o.code, "%s:\n%s%s\nthe killed one:\n%s", what, o.stdout, o.stderr, r.seen.String())
	result := k.result(o)
	assert.True(k.t, result.Healthy, what)
	for _, host := range k.hosts {
		assert.Equal(k.t, wanted, k.running(host), "%s: on %s", what, host)
	}
	k.assertWhole(what, k.editions)
	k.assertHistory(what, before, result.Release)
	assert.Less(k.t, time.Since(killed), time.Minute, what)
}

// assertHistory proves that the killed release was taken up, or written down as
// interrupted, or had made no record or had come to its end.
func (k *hostsKills) assertHistory(what string, before []skycap.Release, current int) {
	k.t.Helper()
	after := k.releases()
	last := after[len(after)-1]
	assert.Equal(k.t, current, last.Number, what)
	assert.Equal(k.t, skycap.ResultOK, last.Result, what)
	for i, r := range after {
		if i > 0 {
			assert.Equal(k.t, after[i-1].Number+1, r.Number, "%s: numbers have no gap", what)
		}
		assert.False(k.t, release.Unfinished(r), "%s: release %d", what, r.Number)
	}
	if len(before) == 0 || len(after) < 2 {
		return
	}
	switch added := last.Number - before[len(before)-1].Number; {
	case added == 1 && !last.Resumed.IsZero():
		k.resumed++
	case added == 1:
		k.unrecorded++
	default:
		killed := after[len(after)-2]
		assert.Contains(k.t, []skycap.Word{skycap.ResultInterrupted, skycap.ResultOK}, killed.Result, what)
		if killed.Result == skycap.ResultInterrupted {
			k.interrupted++
		}
	}
}
