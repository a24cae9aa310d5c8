package endtoend

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// begins matches the event that a phase begins with.
func begins(phase string) func(skycap.Event) bool {
	return func(event skycap.Event) bool { return event.Phase == phase }
}

// interrupt sends a signal and returns how skycap ended.
func (r *running) interrupt(signal os.Signal) outcome {
	r.c.t.Helper()
	require.NoError(r.c.t, r.program.Process.Signal(signal))
	o := r.end()
	assert.Equal(r.c.t, 130, o.code, o.stderr)
	assert.NotRegexp(r.c.t, goish, o.stderr)
	return o
}

// locks names those in staging, be they held or left.
func (c *checkout) locks() []string {
	c.t.Helper()
	return linesOf(kubectl(c.t, "--namespace="+c.staging, "get", "leases", "--selector=skycap.dev/lock", "--output=name"))
}

// Interrupted at any point, skycap gives back its lock at once and says how far it got.
func TestInterruptedInEachPhase(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{"check", "apply", "wait"} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t)
			r := c.start("deploy", c.neverReady(), "staging", "--timeout=90s", "-o", "json")
			r.until(begins(phase))
			o := r.interrupt(syscall.SIGTERM)
			assert.Empty(t, c.locks())
			result := c.result(o)
			assert.Equal(t, skycap.ResultInterrupted, result.Word)
			if phase == "check" {
				assert.Contains(t, o.stderr, "nothing was changed")
				assert.False(t, result.Changed)
				assert.Empty(t, contents(t, c.staging))
				return
			}
			if phase == "wait" || result.Changed {
				assert.True(t, result.Changed)
				assert.Contains(t, o.stderr, `service "web"`)
			} else {
				assert.Contains(t, o.stderr, "nothing was changed")
			}
			releases := c.history("staging")
			require.Len(t, releases, 1)
			assert.Equal(t, skycap.ResultInterrupted, releases[0].Result)
			assert.False(t, releases[0].UnderWay)
		})
	}
}

func TestInterruptedWhileItWaitsForALock(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	node := c.neverReady()
	holder := c.start("deploy", node, "staging", "--timeout=90s", "-o", "json")
	holder.until(func(event skycap.Event) bool { return event.Type == skycap.EventState })
	releases := c.history("staging")
	require.Len(t, releases, 1)
	assert.True(t, releases[0].UnderWay)

	waiting := c.start("deploy", node, "staging", "--lock-wait=90s", "-o", "json")
	waiting.until(begins("lock"))
	o := waiting.interrupt(os.Interrupt)
	assert.Contains(t, o.stderr, "nothing was changed")
	assert.False(t, c.result(o).Changed)
	assert.Len(t, c.locks(), 1, "that of the other run")
	assert.True(t, c.history("staging")[0].UnderWay)

	holder.interrupt(syscall.SIGTERM)
	assert.Empty(t, c.locks())
}
