package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/skycap/skycap/pkg/skycap"
)

var repaint = regexp.MustCompile(`\x1b\[(\d+)A\r\x1b\[J`)

// screen is what a terminal shows after a text was written to it.
func screen(t *testing.T, written string) string {
	t.Helper()
	var shown []string
	for {
		at := repaint.FindStringSubmatchIndex(written)
		if at == nil {
			return strings.Join(append(shown, written), "")
		}
		for line := range strings.Lines(written[:at[0]]) {
			shown = append(shown, line)
		}
		up, err := strconv.Atoi(written[at[2]:at[3]])
		assert.NoError(t, err)
		shown, written = shown[:len(shown)-up], written[at[1]:]
	}
}

func TestLiveRepaintsOneLineForEachService(t *testing.T) {
	t.Parallel()
	s := newStage(Options{Terminal: true})
	s.Start("deploying storefront")
	s.State("web", skycap.TargetKubernetes, skycap.StateProgressing, "0 of 2 pods ready")
	s.State("worker", skycap.TargetKubernetes, skycap.StateAbsent, "")
	s.pass(12 * time.Second)
	s.State("web", skycap.TargetKubernetes, skycap.StateHealthy, "2 of 2 pods ready")
	s.Phase("wait", "waiting for worker")
	s.Warning("beware")
	s.pass(3 * time.Second)
	assert.Equal(t, `deploying storefront
waiting for worker
warning: beware
✓ web     healthy         12s  2 of 2 pods ready
• worker  absent          15s
`, screen(t, s.err.String()))
	written := s.err.Len()
	s.pass(0)
	assert.Equal(t, written, s.err.Len(), "nothing has changed")

	s.State("worker", skycap.TargetKubernetes, skycap.StateDegraded, "no image")
	result := healthy()
	result.Word = skycap.ResultUnhealthy
	result.Services = append(result.Services, skycap.ServiceResult{
		Service: "worker", Target: skycap.TargetKubernetes, Result: skycap.ResultUnhealthy, State: skycap.StateDegraded, Cause: "the image is not there",
	})
	s.Result(result)
	s.pass(time.Minute)
	s.Close()
	s.State("web", skycap.TargetKubernetes, skycap.StateStopped, "after the end")
	assert.Equal(t, `deploying storefront
waiting for worker
warning: beware
✓ web     healthy         12s  2 of 2 pods ready
✗ worker  degraded        15s  no image
worker: the image is not there
web stopped: after the end
`, screen(t, s.err.String()))
}

func TestLiveLinesFitTheTerminal(t *testing.T) {
	t.Parallel()
	s := newStage(Options{Terminal: true, Width: 40, Height: 5})
	for i := range 5 {
		state := skycap.StateHealthy
		if i == 3 {
			state = skycap.StateDegraded
		}
		s.State(fmt.Sprintf("web-%d", i), skycap.TargetHosts, state, "漢字漢字漢字漢字漢字")
	}
	assert.Equal(t, `✗ web-3  degraded         0s  漢字漢字…
✓ web-0  healthy          0s  漢字漢字…
  … and 3 more
`, screen(t, s.err.String()))
	s.Close()
	assert.Equal(t, 5, strings.Count(screen(t, s.err.String()), "\n"), "in the end all are shown")
}

func TestLiveTellsKindsOfPlacesApart(t *testing.T) {
	t.Parallel()
	s := newStage(Options{Terminal: true, Color: true})
	s.State("web", skycap.TargetHosts, skycap.StateHealthy, "\x1b[2J\x07")
	s.State("web", skycap.TargetKubernetes, skycap.StateProgressing, "")
	s.Close()
	assert.Equal(t, "\x1b[32m✓\x1b[0m web (hosts)       healthy          0s  \\x07\n"+
		"\x1b[36m•\x1b[0m web (kubernetes)  progressing      0s\n", screen(t, s.err.String()))
}

func TestLiveHasALineForEachHostBelowItsService(t *testing.T) {
	t.Parallel()
	s := newStage(Options{Terminal: true})
	s.State("worker", skycap.TargetHosts, skycap.StateProgressing, "0 of 2 hosts")
	s.State("web", skycap.TargetKubernetes, skycap.StateProgressing, "")
	s.InstanceState("worker", skycap.TargetHosts, "worker1", skycap.StateDegraded, "exit code 1")
	s.InstanceState("worker", skycap.TargetHosts, "worker2", skycap.StateHealthy, "")
	result := healthy()
	result.Word = skycap.ResultPartial
	result.Services = []skycap.ServiceResult{
		{Service: "worker", Target: skycap.TargetHosts, Result: skycap.ResultPartial, State: skycap.StateDegraded},
		{Service: "web", Target: skycap.TargetKubernetes, Result: skycap.ResultOK, State: skycap.StateHealthy},
	}
	s.Result(result)
	assert.Equal(t, `✗ worker             degraded         0s  0 of 2 hosts
✗ worker on worker1  degraded         0s  exit code 1
✓ worker on worker2  healthy          0s
✓ web                healthy          0s
`, screen(t, s.err.String()))
}

func TestLiveHasALineForWhatOthersHaveYetToDo(t *testing.T) {
	t.Parallel()
	s := newStage(Options{Terminal: true})
	s.Phase("prepare", "resolving")
	s.pass(10 * time.Second)
	assert.Equal(t, "resolving\n", screen(t, s.err.String()), "somebody may be asked for a passphrase")
	s.Phase("wait-image", `2 images are not there yet, and looked for until 05:16:07: "web:1", "api:1"`)
	s.pass(61 * time.Second)
	s.Phase("wait-image", `an image is not there yet, and looked for until 05:16:07: "web:1"`)
	s.pass(4 * time.Second)
	assert.Equal(t, `resolving
2 images are not there yet, and looked for until 05:16:07: "web:1", "api:1"
an image is not there yet, and looked for until 05:16:07: "web:1"
•  1m05s  an image is not there yet, and looked for until 05:16:07: "web:1"
`, screen(t, s.err.String()))
	s.Phase("prepare", "all images are there")
	s.pass(time.Minute)
	assert.NotContains(t, screen(t, s.err.String()), "•")
}
