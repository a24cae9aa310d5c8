package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

const revision = "3f2c1a9b8d70e5f60718293a4b5c6d7e8f901234"

// stage is a reporter whose time passes only when a test says so.
type stage struct {
	*Reporter
	out, err bytes.Buffer
	now      time.Time
}

func newStage(options Options) *stage {
	s := &stage{now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	options.Out, options.Err = &s.out, &s.err
	options.Now = func() time.Time { return s.now }
	s.Reporter = newReporter(options)
	return s
}

// pass lets time pass, with a tick at the end.
func (s *stage) pass(d time.Duration) {
	s.now = s.now.Add(d)
	s.tick()
}

// take returns what was printed on stderr since the last time.
func (s *stage) take() string {
	defer s.err.Reset()
	return s.err.String()
}

func healthy() skycap.Result {
	return skycap.Result{
		Word: skycap.ResultOK, Healthy: true, Changed: true, App: "storefront", Revision: revision, Environment: "staging", Release: 7,
		Services: []skycap.ServiceResult{{Service: "web", Target: skycap.TargetKubernetes, Result: skycap.ResultOK, State: skycap.StateHealthy}},
	}
}

func TestJSONIsOneStampedEventALine(t *testing.T) {
	t.Parallel()
	s := newStage(Options{JSON: true, Quiet: true, Terminal: true})
	s.Start("deploying <storefront>")
	s.Phase("wait", "waiting")
	s.State("web", skycap.TargetKubernetes, skycap.StateProgressing, "1 of 2")
	s.State("web", skycap.TargetKubernetes, skycap.StateProgressing, "1 of 2")
	s.Debug("not asked for")
	s.Warning("\u009b31m")
	s.pass(1500 * time.Millisecond)
	s.Result(skycap.Result{Word: skycap.ResultInterrupted})
	s.Warning("after the end")
	s.Close()
	assert.Empty(t, s.err.String())
	assert.Equal(t, strings.Join([]string{
		`{"schema":"skycap.dev/event/v1","time":"2026-03-04T05:06:07Z","seq":1,"type":"start","message":"deploying <storefront>"}`,
		`{"schema":"skycap.dev/event/v1","time":"2026-03-04T05:06:07Z","seq":2,"type":"phase","phase":"wait","message":"waiting"}`,
		`{"schema":"skycap.dev/event/v1","time":"2026-03-04T05:06:07Z","seq":3,"type":"state","service":"web","target":"kubernetes","state":"progressing","message":"1 of 2"}`,
		`{"schema":"skycap.dev/event/v1","time":"2026-03-04T05:06:07Z","seq":4,"type":"warning","message":"\u009b31m"}`,
		`{"schema":"skycap.dev/event/v1","time":"2026-03-04T05:06:08.5Z","seq":5,"type":"result","result":"interrupted","exitCode":130,` +
			`"healthy":false,"changed":false,"app":"","revision":"","environment":"","release":0,"durationSeconds":1.5,"services":[]}`,
		"",
	}, "\n"), s.out.String())
}

func TestDetailsAreForThoseWhoAsked(t *testing.T) {
	t.Parallel()
	for _, options := range []Options{{JSON: true}, {}, {Terminal: true}} {
		s := newStage(options)
		s.Debug("a detail")
		assert.Empty(t, s.out.String()+s.err.String())
		options.Verbose = true
		s = newStage(options)
		s.Debug("a detail")
		assert.Contains(t, s.out.String()+s.err.String(), "a detail")
	}
}

func TestManyMayReportAtOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := New(Options{JSON: true, Out: &out})
	defer r.Close()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { r.Phase("wait", "waiting") })
	}
	all.Wait()
	seq := 0
	for line := range strings.Lines(out.String()) {
		var event skycap.Event
		require.NoError(t, json.Unmarshal([]byte(line), &event))
		seq++
		assert.Equal(t, seq, event.Seq)
	}
	assert.Equal(t, 20, seq)
}

// signal tells when something was written.
type signal chan string

func (s signal) Write(data []byte) (int, error) {
	s <- string(data)
	return len(data), nil
}

func TestNewTicksUntilClosed(t *testing.T) {
	t.Parallel()
	written := make(signal)
	r := New(Options{Err: written, Heartbeat: time.Millisecond})
	go r.Start("deploying")
	assert.Equal(t, "deploying\n", <-written)
	assert.Contains(t, <-written, "… waiting")
	go func() {
		for range written {
			continue
		}
	}()
	r.Close()
	r.Close()
	close(written)
}
