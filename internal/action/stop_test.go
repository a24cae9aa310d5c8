package action

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// standing is a target whose services are in a state.
type standing struct {
	target.Target
	state skycap.State
	err   error
}

func (s standing) Status(ctx context.Context, _ []string) ([]skycap.ServiceStatus, error) {
	return []skycap.ServiceStatus{{Service: "web", Target: skycap.TargetKubernetes, State: s.state, Message: "1 old pods still to stop"}},
		errors.Join(s.err, ctx.Err())
}

func TestHowAStopEnds(t *testing.T) {
	t.Parallel()
	refused, unread := errors.New("refused"), errors.New("unread")
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx     context.Context
		before  skycap.State
		after   standing
		stopped error
		word    skycap.Word // empty: the error says it
		changed bool
		says    string
	}{
		"stopped":             {t.Context(), skycap.StateHealthy, standing{state: skycap.StateStopped}, nil, skycap.ResultOK, true, ""},
		"stopped before":      {t.Context(), skycap.StateStopped, standing{state: skycap.StateStopped}, nil, skycap.ResultOK, false, ""},
		"refused":             {t.Context(), skycap.StateHealthy, standing{state: skycap.StateHealthy}, refused, "", false, "refused"},
		"failed on the way":   {t.Context(), skycap.StateHealthy, standing{state: skycap.StateProgressing}, refused, skycap.ResultPartial, true, "refused"},
		"can't be looked at":  {t.Context(), skycap.StateHealthy, standing{err: unread}, nil, "", true, "unread"},
		"interrupted":         {interrupted, skycap.StateHealthy, standing{state: skycap.StateProgressing}, context.Canceled, "", true, "canceled"},
		"late":                {t.Context(), skycap.StateHealthy, standing{state: skycap.StateProgressing}, context.DeadlineExceeded, skycap.ResultUnhealthy, true, `service "web" has not stopped after 1m0s: 1 old pods still to stop`},
		"late, but it has":    {t.Context(), skycap.StateHealthy, standing{state: skycap.StateStopped}, context.DeadlineExceeded, skycap.ResultOK, true, ""},
		"started by somebody": {t.Context(), skycap.StateHealthy, standing{state: skycap.StateHealthy}, nil, skycap.ResultUnhealthy, false, "has not stopped"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := skycap.Result{}
			c := &change{Choices: Choices{Timeout: time.Minute}, release: of("r1", webThere), target: test.after, result: &result}
			before := []skycap.ServiceStatus{{Service: "web", Target: skycap.TargetKubernetes, State: test.before, Release: 4, Revision: "r0"}}
			err := c.concludeStop(test.ctx, before, test.stopped)
			assert.Equal(t, test.word, result.Word)
			assert.Equal(t, test.changed, result.Changed)
			if test.says == "" {
				require.NoError(t, err)
				assert.Equal(t, 4, result.Release, "what ran before")
				assert.Equal(t, skycap.ResultOK, result.Services[0].Result)
				return
			}
			assert.ErrorContains(t, err, test.says)
		})
	}
}
