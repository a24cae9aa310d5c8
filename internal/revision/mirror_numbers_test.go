package revision

import (
	"testing"

	"github.com/stretchr/testify/require"
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
