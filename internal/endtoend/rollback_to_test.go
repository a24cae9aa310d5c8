package endtoend

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// trail is what each release put back, and which rollback left it, oldest first.
func (c *checkout) trail() [][2]int {
	c.t.Helper()
	var found [][2]int
	for _, release := range c.history("staging") {
		found = append([][2]int{{release.Of, release.LeftBy}}, found...)
	}
	return found
}

func TestRollbackTwiceGoesFurtherBack(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	revisions := []string{c.node("."), c.reviseText("second"), c.reviseText("third")}
	for _, revision := range revisions {
		c.deploy(revision, "staging")
	}
	assert.Equal(t, revisions[1], c.rollback().Revision)
	assert.Equal(t, revisions[1], c.status("staging").Revision)
	assert.Equal(t, revisions[0], c.rollback().Revision)
	assert.Equal(t, revisions[0], c.status("staging").Revision)
	assert.Equal(t, [][2]int{{0, 0}, {0, 5}, {0, 4}, {2, 5}, {1, 0}}, c.trail())

	o := c.fails(1, []string{"rollback", "staging", "-o", "json"}, []string{`"web"`, `"staging"`, "no release to go back to"}, []string{"skycap history staging"})
	assert.False(t, c.result(o).Changed)
	assert.Len(t, c.history("staging"), 5)
	assert.Equal(t, revisions[0], c.status("staging").Revision)
}

func TestRollbackToANumber(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	first, second, third := c.node("."), c.reviseText("second"), c.reviseText("third")
	for _, revision := range []string{first, second, third} {
		c.deploy(revision, "staging")
	}
	result := c.rollback("--to=1")
	assert.Equal(t, first, result.Revision)
	assert.Equal(t, 4, result.Release)
	assert.Equal(t, first, c.status("staging").Revision)
	assert.Equal(t, third, c.rollback("--to=3").Revision, "what was left may be asked for")
	assert.Equal(t, first, c.rollback("--to=4").Revision, "what ran after a rollback is what it put back")
	assert.Equal(t, first, c.status("staging").Revision)

	c.fails(1, []string{"rollback", "staging", "--to=42"}, []string{"42", "no such release"}, []string{"skycap history staging"})
	c.fails(2, []string{"rollback", "staging", "--to=0"}, []string{"--to"}, nil)
}

func TestNothingToRollBackTo(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	o := c.fails(1, []string{"rollback", "staging", "-o", "json"}, []string{`"staging"`, "no release yet"}, []string{"skycap deploy "})
	assert.Equal(t, "failed", string(c.result(o).Word))
	c.deploy(".", "staging")
	before := contents(t, c.staging)
	c.fails(1, []string{"rollback", "staging"}, []string{"no release to go back to", "release 1"}, []string{"skycap history staging"})
	assert.Equal(t, before, contents(t, c.staging))
}

func TestWhatWasRolledBackFromAsksBeforeItIsDeployedAgain(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	c.deploy(".", "staging")
	second := c.reviseText("second")
	c.deploy(second, "staging")
	c.rollback()
	before := contents(t, c.staging)
	o := c.fails(2, []string{"deploy", second, "staging", "-o", "json"},
		[]string{second[:12], "rolled back from", "release 3 left release 2"}, []string{"skycap deploy " + second + " staging -o json --yes"})
	assert.False(t, c.result(o).Changed)
	assert.Equal(t, before, contents(t, c.staging))

	assert.Equal(t, 4, c.deploy(second, "staging", "--yes").Release)
	assert.Equal(t, second, c.status("staging").Revision)
	require.Len(t, c.history("staging"), 4)
	c.deploy(c.reviseText("third"), "staging")
	assert.Equal(t, second, c.rollback().Revision, "it was deployed again with success: it is good")
}
