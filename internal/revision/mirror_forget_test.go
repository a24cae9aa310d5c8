package revision

import (
	"os"
	"path/filepath"
	"strings"
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

func TestMirrorsOfGitFollowHeadBranchesAndTags(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Git)
	c.do("checkout", "--quiet", "-b", "trunk")
	c.write("a", "1")
	first := c.commit("first")
	c.do("tag", "v1")
	c.write("a", "2")
	second := c.commit("second")
	c.do("update-ref", "refs/pull/1/head", second)
	from := elsewhere(t, Git, serve(t, c, "file"), t.TempDir())
	for _, step := range []struct {
		do   []string
		head string
	}{
		{nil, second},
		{[]string{"checkout", "--quiet", "--detach", first}, first},
		{[]string{"checkout", "--quiet", "-b", "other", second}, second},
		{[]string{"reset", "--quiet", "--hard", first}, first},
	} {
		if step.do != nil {
			c.do(step.do...)
		}
		assert.Equal(t, step.head, resolved(t, openMirror(t, from), "HEAD"), step.do)
	}
	c.do("branch", "--quiet", "--delete", "--force", "trunk") // what was second is in a pull request alone
	c.do("tag", "--delete", "v1")
	repository := openMirror(t, from)
	for _, name := range []string{"trunk", "v1", "refs/pull/1/head"} {
		unknown(t, repository, name)
	}

	from.Folder = t.TempDir()
	repository = openMirror(t, from)
	assert.Equal(t, second, resolved(t, repository, second), "of a pull request, by its hash")
	unknown(t, repository, second[:12]+"0")
	unknown(t, repository, strings.Repeat("12", 20))
	c.do("symbolic-ref", "HEAD", "refs/heads/nothing")
	unknown(t, openMirror(t, from), "HEAD")
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

// A machine where a mirror that is made anew would fare no better costs no mirror.
func TestWhoseFaultItIs(t *testing.T) {
	t.Parallel()
	m := &mirror{from: Elsewhere{URL: "https://ann:s3cret@example.com/shop", Kind: Git, Folder: "/cache"}, path: "/cache/12"}
	for said, want := range map[string]any{
		"fatal: write error: No space left on device":                          new(*CopyError),
		"error: unable to create temporary file: No space left on device":      new(*CopyError),
		"abort: No space left on device: '/cache/12/.hg/store/00changelog.i'":  new(*CopyError),
		"abort: Permission denied: '/cache/12/.hg/store/lock'":                 new(*CopyError),
		"fatal: detected dubious ownership in repository at '/cache/12'":       new(*CopyError),
		"ann@example.com: Permission denied (publickey).":                      new(*RemoteError),
		"error: unable to read askpass response from '/usr/bin/askpass'":       new(*RemoteError),
		"fatal: could not read Username for 'https://example.com': no askpass": new(*RemoteError),
		"fatal: bad object HEAD":                                               new(*damagedError),
		"error: unable to read sha1 file of a":                                 new(*damagedError),
		"abort: integrity check failed on 00manifest":                          new(*damagedError),
		"remote: abort: integrity check failed on 00manifest":                  new(*RemoteError),
		"remote: fatal: write error: No space left on device":                  new(*RemoteError),
		"fatal: remote error: upload-pack: bad object HEAD":                    new(*RemoteError),
		"remote: hello\nabort: integrity check failed on 00manifest":           new(*damagedError),
	} {
		assert.ErrorAs(t, m.judge(said), want, said)
	}
}
