package revision

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fork is where a history splits in two, and what each side has on top.
type fork struct {
	root, base        string
	left, left2       string
	right, merge, top string
}

// forked commits a history with a fork and a merge, all within about a second.
func forked(c checkout) fork {
	f, goTo := fork{}, func(id string) { c.do("update", "--quiet", id) }
	if c.kind == Git {
		goTo = func(id string) { c.do("checkout", "--quiet", "--detach", id) }
	}
	add := func(name string) string { c.write(name, name); return c.commit(name) }
	f.root, f.base = add("root"), add("base")
	f.left, f.left2 = add("left"), add("left2")
	goTo(f.base)
	f.right = add("right")
	c.do("merge", "--quiet", f.left)
	if c.kind == Mercurial {
		f.merge = c.commit("merge")
	} else {
		f.merge = c.do("rev-parse", "HEAD")
	}
	f.top = add("top")
	return f
}

func TestBetween(t *testing.T) {
	t.Parallel()
	for name := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, name)
			f := forked(c)
			repository := c.open()
			for _, test := range []struct {
				from, to string
				want     []string
			}{
				{f.root, f.root, nil},
				{f.root, f.left2, []string{f.left2, f.left, f.base}},
				{f.left2, f.root, nil},
				{f.left2, f.right, []string{f.right}},
				{f.right, f.left2, []string{f.left2, f.left}},
				{f.left2, f.top, []string{f.top, f.merge, f.right}},
				{f.top, f.left2, []string{f.left2}},
				{f.right, f.top, []string{f.top, f.merge, f.left}},
			} {
				found, err := repository.Between(t.Context(), test.from, test.to, 10)
				require.NoError(t, err)
				var ids []string
				for _, revision := range found {
					ids = append(ids, revision.ID)
				}
				assert.Equal(t, test.want, ids)
				found, err = repository.Between(t.Context(), test.from, test.to, 1)
				require.NoError(t, err)
				assert.Len(t, found, min(1, len(test.want)))
			}
			_, err := repository.Between(t.Context(), "HEAD", f.top, 1)
			var refused *NameError
			require.ErrorAs(t, err, &refused)
		})
	}
}

// A shallow clone ends where it was cut off.
func TestBetweenInAShallowClone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{Git, byProgram} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, Git)
			f := forked(c)
			c.do("branch", "left2", f.left2)
			shallow := c.clone("--depth=3", "--no-single-branch")
			if name == byProgram {
				shallow.do("config", "extensions.worktreeConfig", "true")
			}
			found, err := shallow.open().Between(t.Context(), f.left2, f.top, 10)
			require.NoError(t, err)
			require.NotEmpty(t, found)
			assert.Equal(t, f.top, found[0].ID)
			_, err = shallow.open().Between(t.Context(), f.root, f.top, 10)
			var unknown *UnknownError
			require.ErrorAs(t, err, &unknown)
		})
	}
}
