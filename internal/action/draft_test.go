package action

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
)

// guarded is a skycap.yaml with one environment that is protected, and one that is not.
const guarded = `app: shop
services:
  web:
    kubernetes: {manifests: web.yaml}
environments:
  staging:
    kubernetes: {context: staging, namespace: shop}
  production:
    protected: true
    kubernetes: {context: production, namespace: shop}
`

func TestADraftIsWarnedOfBeforeAProtectedEnvironment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environment string
		phase       revision.Phase
		fault       error
		warned      bool
	}{
		"public":       {"production", revision.Public, nil, false},
		"draft":        {"production", revision.Draft, nil, true},
		"secret":       {"production", revision.Secret, nil, true},
		"no others":    {"production", "", nil, false},
		"out of time":  {"production", "", context.DeadlineExceeded, false},
		"unprotected":  {"staging", revision.Draft, nil, false},
		"secret there": {"staging", revision.Secret, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, repository := preparing(t, guarded, revision.Tree{settings.FileName: text(guarded), "web.yaml": text(pod)})
			repository.phase, repository.fault = test.phase, test.fault
			var said bytes.Buffer
			o.Report = report.New(report.Options{Out: &said, Err: &said})
			err := o.Prepare(t.Context(), Wanted{Revision: "tip", Environment: test.environment}, func(*release.Release) error { return nil })
			o.Report.Close()
			require.NoError(t, err)
			assert.Equal(t, test.warned, strings.Contains(said.String(), "others may not have it, and it may still be rewritten"), said.String())
		})
	}
}
