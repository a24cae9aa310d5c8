package revision

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// A mirror that can't be opened, not even after it was made anew, is an error and can be
// closed.
func TestAMirrorThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Git)
	c.write("a", "1")
	c.commit("one")
	from := elsewhere(t, Git, serve(t, c, "file"), t.TempDir())
	openMirror(t, from)
	from.Runner = run.Func(func(ctx context.Context, command run.Command) error {
		err := run.Local{}.Run(ctx, command)
		if path, ok := strings.CutPrefix(command.Args[0], "--git-dir="); ok && slices.Contains(command.Args, "fetch") {
			require.NoError(t, os.WriteFile(filepath.Join(path, "config"), []byte("[core\n"), 0o600))
		}
		return err
	})
	opened, err := OpenURL(t.Context(), from)
	require.NoError(t, err)
	_, err = opened.Resolve(t.Context(), "HEAD")
	require.ErrorContains(t, err, "open the Git repository")
	assert.NotPanics(t, func() { _ = opened.Close() })

	_, err = OpenURL(t.Context(), from)
	require.ErrorContains(t, err, "open the Git repository")
}
