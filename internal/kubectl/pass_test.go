package kubectl

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/noise"
	"github.com/skycap/skycap/internal/run"
)

func TestPassKeepsStatusAndShowsAllOfAFailure(t *testing.T) {
	t.Parallel()
	for _, r := range recordedRuns(t) {
		if (Client{Namespace: "n"}).words(r.Args).check() != nil {
			continue
		}
		var stderr bytes.Buffer
		log := &noise.Log{}
		client := Client{Context: "c", Namespace: "n", Noise: log, Runner: &recorder{err: func(command run.Command) error {
			assert.Equal(t, append([]string{"--context=c", "--namespace=n"}, r.Args...), command.Args)
			assert.False(t, command.Foreground, "it has no terminal")
			_, err := command.Stderr.Write([]byte(r.Stderr))
			require.NoError(t, err)
			return r.err(command)
		}}}
		status, err := client.Pass(t.Context(), Passage{Args: r.Args, Stderr: &stderr})
		if r.Status < 0 {
			require.Error(t, err)
		} else {
			require.NoError(t, err)
			require.Equal(t, r.Status, status)
		}
		if r.Status != 0 {
			assert.ElementsMatch(t, strings.SplitAfter(r.Stderr, "\n"), strings.SplitAfter(stderr.String(), "\n"), r)
			assert.Zero(t, log.Hidden())
		} else {
			assert.Equal(t, strings.Count(r.Stderr, "\n"), strings.Count(stderr.String(), "\n")+log.Hidden(), r)
		}
	}
}
