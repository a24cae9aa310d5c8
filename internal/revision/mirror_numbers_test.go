package revision

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// Mercurial's numbers differ between clones: those of a mirror mean nothing.
func TestNumbersOfAMirrorAreRefused(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	c.write("a", "1")
	first := c.commit("first")
	c.write("a", "2")
	c.commit("second")
	repository := openMirror(t, elsewhere(t, Mercurial, serve(t, c, "file"), t.TempDir()))
	for _, name := range []string{"0", "1", "1~1", "1^", "1234567"} {
		_, err := repository.Resolve(t.Context(), name)
		var refused *NameError
		require.ErrorAs(t, err, &refused, name)
		require.ErrorContains(t, err, "in each clone")
	}
	for _, name := range []string{"tip~1", first[:12], "min(all())"} {
		require.Equal(t, first, resolved(t, repository, name), name)
	}
	unknown(t, repository, "12345678") // may be how a hash begins
}

// What git has logged of a name is what one clone has seen.
func TestLogsOfAMirrorAreRefused(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Git)
	c.do("checkout", "--quiet", "-b", "trunk")
	c.write("a", "1")
	first := c.commit("first")
	from := elsewhere(t, Git, serve(t, c, "file"), t.TempDir())
	home := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(home, ".gitconfig"), []byte("[core]\nlogAllRefUpdates = always\n"), 0o600))
	from.Runner = run.Func(func(ctx context.Context, command run.Command) error {
		command.Env = append(command.Env, "HOME="+home)
		return run.Local{}.Run(ctx, command)
	})
	repository := openMirror(t, from)
	require.Equal(t, first, resolved(t, repository, "trunk"))
	for _, name := range []string{"trunk@{0}", "trunk@{1 day ago}", "@{0}", "HEAD@{u}~1", "@{-1}"} {
		_, err := repository.Resolve(t.Context(), name)
		var refused *NameError
		require.ErrorAs(t, err, &refused, name)
		require.ErrorContains(t, err, "one clone")
	}
	require.Equal(t, first, resolved(t, repository, "trunk^{commit}"))
	assert.NoDirExists(t, filepath.Join(repository.(*mirror).path, "logs"))
}
