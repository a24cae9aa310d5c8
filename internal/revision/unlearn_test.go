package revision

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a repository elsewhere has given up, its mirror gives up too: names that were moved
// back or deleted, and commits that were taken away.
func TestMirrorsForgetWhatTheyMirrorHasGivenUp(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"file", "http"} {
		t.Run(Mercurial+" over "+protocol, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, Mercurial)
			require.NoError(t, os.WriteFile(filepath.Join(c.dir, ".hg", "hgrc"), []byte("[extensions]\nstrip =\n"), 0o600))
			c.write("a", "1")
			first := c.commit("first")
			c.write("a", "2")
			second := c.commit("second")
			c.do("update", "--quiet", first)
			c.write("a", "3")
			third := c.commit("third")
			for _, name := range []string{"moved", "gone", "stripped"} {
				c.do("bookmark", "--inactive", "--rev="+second, name)
			}
			from := elsewhere(t, Mercurial, serve(t, c, protocol), t.TempDir())
			other := openMirror(t, from) // reads while it is taken away
			for _, name := range []string{"moved", "gone", "stripped", second[:12]} {
				assert.Equal(t, second, resolved(t, other, name), name)
			}

			c.do("bookmark", "--inactive", "--force", "--rev="+third, "moved")
			c.do("bookmark", "--delete", "gone")
			fresh := openMirror(t, from)
			assert.Equal(t, third, resolved(t, fresh, "moved"))
			unknown(t, fresh, "gone")
			assert.Equal(t, second, resolved(t, fresh, second))

			c.do("strip", "--no-backup", "--rev="+second)
			fresh = openMirror(t, from)
			for _, name := range []string{second[:12], "stripped and " + second, second} {
				unknown(t, fresh, name)
			}
			assert.Equal(t, third, resolved(t, fresh, "tip"))
			assert.Equal(t, third, resolved(t, fresh, "moved"))
			files, err := other.Files(t.Context(), Revision{ID: third}, nil, Limit{})
			require.NoError(t, err)
			assert.Equal(t, "3", string(files["a"].Data))
		})
	}
}

// A repository that was made anew at its address has nothing in common with the mirror.
func TestAMirrorFollowsAnotherRepository(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{Mercurial, Git} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c, folder := newCheckout(t, kind), t.TempDir()
			c.write("a", "1")
			old := c.commit("one")
			from := elsewhere(t, kind, serve(t, c, "file"), folder)
			require.Equal(t, old, resolved(t, openMirror(t, from), headOf(kind)))
			require.NoError(t, os.RemoveAll(filepath.Join(c.dir, "."+kind)))
			c.do("init", "--quiet")
			c.write("a", "2")
			id := c.commit("another")
			assert.Equal(t, id, resolved(t, openMirror(t, from), headOf(kind)))
		})
	}
}

// resolved is the full hash that a name stands for.
func resolved(t *testing.T, repository Repository, name string) string {
	t.Helper()
	found, err := repository.Resolve(t.Context(), name)
	require.NoError(t, err, name)
	return found.ID
}

// unknown checks that a repository doesn't have a name.
func unknown(t *testing.T, repository Repository, name string) {
	t.Helper()
	_, err := repository.Resolve(t.Context(), name)
	var refused *UnknownError
	require.ErrorAs(t, err, &refused, name)
}
