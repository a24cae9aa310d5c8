package revision

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rewriting makes Mercurial keep track of what was rewritten.
const rewriting = "[experimental]\nevolution = all\n[extensions]\namend =\n"

func TestPhasesOfMercurial(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	for name, flags := range map[string][]string{"public": {"--public"}, "draft": nil, "secret": {"--secret", "--force"}} {
		c.do("update", "--quiet", "null")
		c.write("a", name)
		id := c.commit(name)
		if flags != nil {
			c.do(append([]string{"phase", "--rev=" + id}, flags...)...)
		}
		repository := c.open()
		found, err := repository.Resolve(t.Context(), id)
		require.NoError(t, err)
		phase, err := repository.Phase(t.Context(), found)
		require.NoError(t, err)
		assert.Equal(t, Phase(name), phase)
		assert.False(t, found.Obsolete)
	}
}

func TestPhasesOfGit(t *testing.T) {
	t.Parallel()
	inBothWays(t, testPhasesOfGit)
}

func testPhasesOfGit(t *testing.T, c checkout) {
	t.Helper()
	remote := newCheckout(t, Git)
	c.write("a", "1")
	first := c.commit("first")
	phaseOf := func(id string) Phase {
		repository := c.open()
		found, err := repository.Resolve(t.Context(), id)
		require.NoError(t, err)
		phase, err := repository.Phase(t.Context(), found)
		require.NoError(t, err)
		return phase
	}
	assert.Empty(t, phaseOf(first), "there are no others")
	c.do("remote", "add", "origin", remote.dir)
	assert.Equal(t, Draft, phaseOf(first))
	c.write("a", "2")
	second := c.commit("second")
	c.do("push", "--quiet", "origin", "HEAD:refs/heads/shared")
	c.write("a", "3")
	third := c.commit("third")
	assert.Equal(t, []Phase{Public, Public, Draft}, []Phase{phaseOf(first), phaseOf(second), phaseOf(third)})

	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.open().Phase(over, Revision{ID: third})
	require.ErrorIs(t, err, context.Canceled)
}

func TestObsoleteCommitsNameWhatTheyBecame(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	require.NoError(t, os.WriteFile(filepath.Join(c.dir, ".hg", "hgrc"), []byte(rewriting), 0o600))
	c.write("a", "1")
	c.commit("first")
	c.write("a", "2")
	old := c.commit("second")
	c.write("b", "1")
	child := c.commit("on it")
	c.do("update", "--quiet", old)
	c.do("amend", "--message=rewritten")
	became := c.do("log", "--rev=.", "--template={node}")

	repository := c.open()
	visible, err := repository.Resolve(t.Context(), old)
	require.NoError(t, err, "its child keeps it visible")
	assert.True(t, visible.Obsolete)
	assert.Equal(t, []string{became}, visible.Successors)
	assert.Equal(t, "was rewritten as "+became[:12], visible.Fate())

	c.do("debugobsolete", child)
	for _, name := range []string{old, old[:10]} {
		_, err = c.open().Resolve(t.Context(), name)
		var hidden *HiddenError
		require.ErrorAs(t, err, &hidden)
		assert.Equal(t, old, hidden.Revision.ID)
		assert.Contains(t, err.Error(), "it was rewritten as "+became[:12])
	}
	_, err = c.open().Resolve(t.Context(), child)
	var hidden *HiddenError
	require.ErrorAs(t, err, &hidden)
	assert.Empty(t, hidden.Revision.Successors)
	assert.Contains(t, err.Error(), "it was pruned")
}
