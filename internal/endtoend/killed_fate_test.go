package endtoend

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// fate is how a run that was to be killed ended.
type fate struct {
	outcome
	before bool          // whether it was killed before it ended
	after  time.Duration // from its start, or from the phase's
	at     time.Time
}

// kill starts skycap and kills it: a while after its start or after a phase began.
func (l *lane) kill(f fault, args []string) fate {
	l.t.Helper()
	victim := *l.checkout
	victim.temporary = shortFolder(l.t)
	victim.env = append(slices.Clone(l.env), "TMPDIR="+victim.temporary)
	killed := fate{after: time.Duration(l.random.Int64N(int64(l.usual)))}
	r := victim.start(args...)
	if f.phase != "" {
		killed.after = time.Duration(l.random.Int64N(int64(500 * time.Millisecond)))
		r.toPhase(f.phase)
	}
	timer := time.NewTimer(killed.after)
	<-timer.C // the moment is what is tested
	killed.at = time.Now()
	require.NoError(l.t, r.program.Process.Kill())
	killed.outcome = r.end()
	killed.before = killed.code == -1
	assert.Eventually(l.t, func() bool { return len(victim.processes()) == 0 }, 2*time.Second, pause, "processes that outlived skycap")
	for _, event := range partialEvents(killed.outcome) {
		if event.Type == skycap.EventState && event.State == skycap.StateHealthy {
			l.healthy[l.history("staging")[0].Number] = true
		}
	}
	return killed
}

// toPhase reads events until a phase begins, or to the end.
func (r *running) toPhase(phase string) {
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil || strings.Contains(line, fmt.Sprintf(`"phase":%q`, phase)) {
			return
		}
	}
}

// partialEvents are those that a killed run printed as a whole.
func partialEvents(o outcome) []skycap.Event {
	var events []skycap.Event
	for line := range strings.Lines(o.stdout) {
		var event skycap.Event
		if json.Unmarshal([]byte(line), &event) == nil {
			events = append(events, event)
		}
	}
	return events
}

// freed is how long after the kill the next run had the lock; zero where it takes none.
func freed(events []skycap.Event, killed fate) time.Duration {
	for _, event := range events {
		if event.Phase == "check" {
			return event.Time.Sub(killed.at)
		}
	}
	return 0
}

// assertTrue proves that the history tells what happened, in the releases after a number too.
func (l *lane) assertTrue(history []skycap.Release, before int, next, what string) {
	l.t.Helper()
	text, err := json.MarshalIndent(history[:min(3, len(history))], "", " ")
	require.NoError(l.t, err)
	what += "\n" + string(text)
	assert.Equal(l.t, skycap.ResultOK, history[0].Result, what)
	assert.LessOrEqual(l.t, history[0].Number, before+2, what)
	for _, release := range history {
		assert.False(l.t, release.UnderWay, what)
		switch release.Result {
		case skycap.ResultOK:
			assert.True(l.t, l.healthy[release.Number], "nobody saw release %d healthy: %s", release.Number, what)
		case skycap.ResultInterrupted:
		default:
			assert.Fail(l.t, "a release without an end", "release %d: %q: %s", release.Number, release.Result, what)
		}
	}
	if next == "attach" {
		assert.Equal(l.t, before+1, history[0].Number, what)
	}
}

// assertReferences proves that no ConfigMap is missing which something refers to.
func (l *lane) assertReferences(what string) {
	l.t.Helper()
	var there []string
	for _, config := range l.configMaps() {
		there = append(there, config.Name)
	}
	text := kubectl(l.t, "--namespace="+l.staging, "get", "pods,replicasets,deployments",
		`--output=jsonpath={range .items[*]}{..configMap.name} {..configMapRef.name} {..configMapKeyRef.name}{"\n"}{end}`)
	for _, name := range strings.Fields(text) {
		if name != "kube-root-ca.crt" {
			assert.Contains(l.t, there, name, what)
		}
	}
}

// tally sums up what happened in all lanes.
type tally struct {
	mutex                                             sync.Mutex
	runs, killed, unrecorded, continued, cutOff, kept int
	longest, sum                                      time.Duration
	waited                                            int
}

// add counts a run: releases are newest first; before it there were those up to a number.
func (t *tally) add(killed fate, releases []skycap.Release, before, next int, free time.Duration) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.runs++
	if !killed.before {
		return
	}
	t.killed++
	at := slices.IndexFunc(releases, func(r skycap.Release) bool { return r.Number == before+1 })
	switch {
	case at < 0 || releases[0].Number == before+1 && !strings.Contains(killed.stdout, `"phase":"apply"`):
		t.unrecorded++
	case releases[at].Result == skycap.ResultInterrupted:
		t.cutOff++
	case releases[at].Number == next:
		t.continued++
	default:
		t.kept++
	}
	if free > 0 {
		t.waited++
		t.sum += free
		t.longest = max(t.longest, free)
	}
}

func (t *tally) String() string {
	return fmt.Sprintf("%d runs, %d killed before their end: %d before they had recorded anything, %d were continued under their number, "+
		"%d are interrupted, %d had ended well; the lock was free after %.1f s on average, %.1f s at most",
		t.runs, t.killed, t.unrecorded, t.continued, t.cutOff, t.kept,
		(t.sum / time.Duration(max(1, t.waited))).Seconds(), t.longest.Seconds())
}
