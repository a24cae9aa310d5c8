package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/skycap/skycap/pkg/skycap"
)

func TestPlainTellsEachChangeOnce(t *testing.T) {
	t.Parallel()
	s := newStage(Options{})
	s.Start("deploying storefront 3f2c1a9b8d70 to staging")
	s.Phase("wait", "waiting for 2 services")
	s.State("web", skycap.TargetKubernetes, skycap.StateProgressing, "1 of 2 pods ready")
	s.State("web", skycap.TargetKubernetes, skycap.StateProgressing, "1 of 2 pods ready")
	s.State("web", skycap.TargetKubernetes, skycap.StateHealthy, "")
	s.State("web", skycap.TargetHosts, skycap.StateHealthy, "")
	s.Warning("the clock of web-1\nis late")
	s.Event(skycap.Event{Type: skycap.EventLog, Service: "migrate", Message: "one\r\ntwo\n"})
	s.Evidence("web", "exit code 1\n\x1b[31mpanic\x1b[0m: no database\n")
	s.pass(12300 * time.Millisecond)
	s.Result(healthy())
	assert.Equal(t, `deploying storefront 3f2c1a9b8d70 to staging
waiting for 2 services
web progressing: 1 of 2 pods ready
web healthy
web (hosts) healthy
warning: the clock of web-1 is late
migrate: one
migrate: two
  web: exit code 1
  web: panic: no database
`, s.take())
	assert.Equal(t, "deployed storefront 3f2c1a9b8d70 to staging as release 7: web healthy (12.3s)\n", s.out.String())
}

func TestPlainTellsImagesOnStdout(t *testing.T) {
	t.Parallel()
	s := newStage(Options{Command: "build"})
	s.Result(skycap.Result{Word: skycap.ResultOK, Changed: true, App: "shop", Images: []skycap.BuiltImage{
		{Service: "web", Repository: "localhost:5000/web", Tag: "3f2c", Digest: "sha256:1"},
		{Service: "mail", Repository: "localhost:5000/mail", Tag: "3f2c"},
	}})
	assert.Equal(t, "web localhost:5000/web:3f2c@sha256:1\nmail localhost:5000/mail:3f2c\nbuilt shop (0.0s)\n", s.out.String())
}

// Who has seen a line of a builder's while it came needs it no second time as evidence.
func TestPlainTellsALineOnce(t *testing.T) {
	t.Parallel()
	for _, quiet := range []bool{false, true} {
		s := newStage(Options{Quiet: quiet})
		s.Event(skycap.Event{Type: skycap.EventLog, Service: "web", Message: "no rule"})
		s.Evidence("web", "no rule")
		assert.Equal(t, map[bool]string{false: "web: no rule\n", true: "  web: no rule\n"}[quiet], s.take())
	}
}

func TestPlainHasAHeartbeatInSilence(t *testing.T) {
	t.Parallel()
	s := newStage(Options{})
	s.pass(time.Minute)
	assert.Empty(t, s.take(), "nothing has begun")
	s.Phase("prepare", "looking for 2 images")
	s.pass(14 * time.Second)
	assert.Equal(t, "looking for 2 images\n", s.take())
	s.pass(time.Second)
	assert.Equal(t, "… waiting 15s: looking for 2 images\n", s.take())
	for _, service := range []string{"web", "worker", "mail", "cron", "search"} {
		s.State(service, skycap.TargetKubernetes, skycap.StateProgressing, "")
	}
	s.State("web", skycap.TargetKubernetes, skycap.StateHealthy, "")
	s.State("mail", skycap.TargetKubernetes, skycap.StateDegraded, "0 of 1 pods ready")
	s.take()
	s.pass(65 * time.Second)
	assert.Equal(t, "… waiting 1m20s: worker progressing; mail degraded: 0 of 1 pods ready; cron progressing; and 1 more\n", s.take())
	s.pass(time.Second)
	assert.Empty(t, s.take())
	s.Result(healthy())
	s.pass(time.Hour)
	assert.Empty(t, s.take(), "it has ended")
}

func TestQuietTellsOfTroubleOnly(t *testing.T) {
	t.Parallel()
	s := newStage(Options{Quiet: true, Terminal: true, Color: true})
	s.Start("deploying")
	s.State("web", skycap.TargetKubernetes, skycap.StateProgressing, "")
	s.pass(time.Minute)
	assert.Empty(t, s.take())
	s.Warning("beware")
	s.Evidence("web", "it is broken")
	assert.Equal(t, "\x1b[33mwarning:\x1b[0m beware\n  web: it is broken\n", s.take())
	s.Result(healthy())
	assert.Contains(t, s.out.String(), "deployed storefront")
}

func TestAFailureTellsTheCauseOfEachService(t *testing.T) {
	t.Parallel()
	s := newStage(Options{})
	s.Evidence("web", "last words: no database")
	result := healthy()
	result.Word = skycap.ResultUnhealthy
	result.Hints = []string{"skycap rollback staging"}
	result.Services = []skycap.ServiceResult{
		{Service: "web", Result: skycap.ResultUnhealthy, Cause: "container web keeps ending", Evidence: []string{"last words: no database", "5 restarts"}, Hint: "skycap logs staging web"},
		{Service: "worker", Result: skycap.ResultOK},
		{Service: "mail", Result: skycap.ResultUnhealthy, Cause: "not ready in time", Hint: "skycap rollback staging"},
	}
	s.Result(result)
	assert.Equal(t, `  web: last words: no database
web: container web keeps ending
  web: 5 restarts
  web: hint: skycap logs staging web
mail: not ready in time
`, s.take())
	assert.Empty(t, s.out.String())
}

func TestHiddenNoiseIsCounted(t *testing.T) {
	t.Parallel()
	for lines, want := range map[int]string{
		0: "", 1: "kubectl: 1 line of noise hidden, -v shows it\n", 14: "kubectl: 14 lines of noise hidden, -v shows them\n",
	} {
		for _, word := range []skycap.Word{skycap.ResultOK, skycap.ResultFailed} {
			s := newStage(Options{})
			result := healthy()
			result.Word, result.NoiseHidden = word, lines
			s.Result(result)
			assert.Equal(t, want, s.take())
		}
	}
}

func TestSummaries(t *testing.T) {
	t.Parallel()
	unchanged, unseen, many, bare := healthy(), healthy(), healthy(), skycap.Result{App: "storefront", Revision: "tip", Changed: true}
	unchanged.Changed, unchanged.DurationSeconds = false, 0.6
	unseen.Healthy, unseen.Services = false, []skycap.ServiceResult{{Service: "web", State: skycap.StateProgressing}}
	many.DurationSeconds = 125
	many.Services = []skycap.ServiceResult{
		{Service: "web", State: skycap.StateHealthy}, {Service: "cron", State: skycap.StateStopped}, {Service: "mail", State: skycap.StateHealthy},
	}
	bare.Services = []skycap.ServiceResult{{Service: "web"}, {Service: "mail"}}
	for _, test := range []struct {
		command string
		result  skycap.Result
		want    string
	}{
		{"", unchanged, "nothing to do: staging already runs storefront 3f2c1a9b8d70 as release 7 (0.6s)"},
		{"deploy", unseen, "deployed storefront 3f2c1a9b8d70 to staging as release 7, not waited for: web progressing (0.0s)"},
		{"deploy", many, "deployed storefront 3f2c1a9b8d70 to staging as release 7: web, mail healthy; cron stopped (2m05s)"},
		{"rollback", many, "rolled back storefront to 3f2c1a9b8d70 in staging as release 7: web, mail healthy; cron stopped (2m05s)"},
		{"restart", many, "restarted storefront 3f2c1a9b8d70 in staging: web, mail healthy; cron stopped (2m05s)"},
		{"move", healthy(), "moved storefront 3f2c1a9b8d70 in staging as release 7: web healthy (0.0s)"},
		{"scale", healthy(), "scaled storefront 3f2c1a9b8d70 in staging: web healthy (0.0s)"},
		{"stop", healthy(), "stopped storefront in staging: web healthy (0.0s)"},
		{"build", bare, "built storefront tip: web, mail (0.0s)"},
		{"build", unchanged, "nothing to do: the images of storefront 3f2c1a9b8d70 are there (0.6s)"},
	} {
		assert.Equal(t, test.want, summary(test.command, &test.result))
	}
	assert.Equal(t, "1h02m", rough(62*time.Minute))
	assert.Equal(t, "1m00s", precise(59990*time.Millisecond))
}

func TestPlainTellsOfInstances(t *testing.T) {
	t.Parallel()
	s := newStage(Options{})
	s.Phase("apply", "applying release 7")
	s.State("worker", skycap.TargetHosts, skycap.StateProgressing, "0 of 2 hosts")
	s.InstanceState("worker", skycap.TargetHosts, "worker1", skycap.StateProgressing, "restarting")
	s.InstanceState("worker", skycap.TargetHosts, "worker2", skycap.StateProgressing, "restarting")
	s.InstanceState("worker", skycap.TargetHosts, "worker1", skycap.StateProgressing, "restarting")
	s.InstanceState("worker", skycap.TargetHosts, "worker1", skycap.StateHealthy, "")
	assert.Equal(t, `applying release 7
worker progressing: 0 of 2 hosts
worker on worker1 progressing: restarting
worker on worker2 progressing: restarting
worker on worker1 healthy
`, s.take())
	s.pass(15 * time.Second)
	assert.Equal(t, "… waiting 15s: worker progressing: 0 of 2 hosts\n", s.take(), "the service stands for its hosts")
}

func TestAServiceInTwoTargetsIsKnownByBoth(t *testing.T) {
	t.Parallel()
	s := newStage(Options{})
	s.State("web", skycap.TargetKubernetes, skycap.StateHealthy, "")
	s.State("web", skycap.TargetHosts, skycap.StateDegraded, "")
	s.Event(skycap.Event{Type: skycap.EventEvidence, Service: "web", Target: skycap.TargetHosts, Message: "exit code 1"})
	s.take()
	result := healthy()
	result.Word = skycap.ResultPartial
	result.Services = []skycap.ServiceResult{
		{Service: "web", Target: skycap.TargetKubernetes, Result: skycap.ResultOK, State: skycap.StateHealthy},
		{Service: "web", Target: skycap.TargetHosts, Result: skycap.ResultPartial, State: skycap.StateDegraded, Cause: "it crashes", Evidence: []string{"exit code 1"}},
	}
	s.Result(result)
	assert.Equal(t, "web (hosts): it crashes\n", s.take(), "what was told is told once")
	assert.Equal(t, "web (kubernetes) healthy; web (hosts) degraded", serviceStates(result.Services))
}
