package kubernetes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skycap/skycap/internal/rollout"
)

func TestTheLastWordsOfAContainer(t *testing.T) {
	t.Parallel()
	const cause = `container "web" exits with code 1`
	for log, want := range map[string]string{
		"":                                      cause,
		"\n\n":                                  cause,
		"listening\nno database\n\n":            cause + "; it last said: no database",
		strings.Repeat("x", 2*maxLastWords):     cause + "; it last said: " + strings.Repeat("x", maxLastWords) + "…",
		"exec /web: exec format error\n":        `container "web" can't run: its program is built for another architecture than the node's (exec /web: exec format error)`,
		noLog + "containerd://7728d8d7de020572": cause,
	} {
		assert.Equal(t, want, withLastWords(rollout.Finding{Container: "web", Cause: cause}, []byte(log)), "%q", log)
	}
}
