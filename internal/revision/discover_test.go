package revision

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// A folder that somebody has named is the repository, or it is an error.
func TestOpenAtTakesTheRootAlone(t *testing.T) {
	t.Parallel()
	for way, kind := range ways() {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, way)
			c.write("sub/a", "1")
			id := c.commit("one")
			for dir, wanted := range map[string]string{c.dir: "", c.dir + "/.": kind} {
				repository, err := OpenAt(run.Local{}, dir, wanted)
				require.NoError(t, err)
				assert.Equal(t, id, resolved(t, repository, headOf(kind)))
				assert.NoError(t, repository.Close())
			}
			for dir, kind := range map[string]string{
				filepath.Join(c.dir, "sub"): "", filepath.Join(c.dir, "absent"): "", c.dir: map[string]string{Mercurial: Git, Git: Mercurial}[kind],
			} {
				_, err := OpenAt(run.Local{}, dir, kind)
				var none *NoRepositoryError
				require.ErrorAs(t, err, &none)
				assert.NotContains(t, err.Error(), "above")
			}
		})
	}
	c := newCheckout(t, Git)
	c.write("a", "1")
	id := c.commit("one")
	bare := c.clone("--bare")
	repository, err := OpenAt(run.Local{}, bare.dir, "")
	require.NoError(t, err)
	assert.Equal(t, id, resolved(t, repository, "HEAD"))
	_, err = OpenAt(run.Local{}, bare.dir, Mercurial)
	require.Error(t, err)
}
