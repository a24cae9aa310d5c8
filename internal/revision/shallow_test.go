package revision

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// A shallow clone is mirrored as far as it reaches.
func TestAMirrorOfAShallowClone(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Git)
	c.write("a", "1")
	first := c.commit("one")
	c.write("a", "2")
	c.commit("two")
	shallow := c.clone("--depth=1")
	from := elsewhere(t, Git, serve(t, shallow, "file"), t.TempDir())
	for _, content := range []string{"3", "4"} { // the first copies, the second pulls
		shallow.write("a", content)
		id := shallow.commit(content)
		mirror := openMirror(t, from)
		assert.Equal(t, id, resolved(t, mirror, "HEAD"))
		files, err := mirror.Files(t.Context(), Revision{ID: id}, nil, Limit{})
		require.NoError(t, err)
		assert.Equal(t, content, string(files["a"].Data))
		unknown(t, mirror, first)
	}
}

func TestWhatAShallowCloneDoesNotReach(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Git)
	c.write("a", "1")
	first := c.commit("one")
	c.write("a", "2")
	c.commit("two")
	missing := run.Func(func(context.Context, run.Command) error { return &run.NotFoundError{Name: "git"} })
	for clone, want := range map[checkout]bool{c.clone(): false, c.clone("--depth=1"): true} {
		for _, runner := range []run.Runner{run.Local{}, missing} {
			repository, err := Open(runner, clone.dir, Git)
			require.NoError(t, err)
			for _, name := range []string{first[:12] + "0", "nope"} {
				_, err := repository.Resolve(t.Context(), name)
				var unknown *UnknownError
				require.ErrorAs(t, err, &unknown)
				assert.Equal(t, want, unknown.Shallow)
			}
			assert.NoError(t, repository.Close())
		}
	}
}
