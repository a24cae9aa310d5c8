package revision

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// inBothWays runs a test of Git repositories that go-git reads, and git itself.
func inBothWays(t *testing.T, test func(*testing.T, checkout)) {
	t.Helper()
	for _, way := range []string{Git, byProgram} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			test(t, newCheckout(t, way))
		})
	}
}

func TestGitNames(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, c checkout) {
		c.write("a", "1")
		first := c.commit("first")
		c.do("tag", "--annotate", "v1", "--message=one")
		c.do("branch", "old")
		c.write("a", "2")
		last := c.commit("second\n\nbody")
		c.do("branch", first[:6], last) // called as a hash begins
		repository := c.open()
		for name, want := range map[string]string{
			first: first, first[:12]: first, first[:7]: first, "v1": first, "old": first, "HEAD~1": first, "HEAD": last,
			last[:9] + "~1": first, last[:4] + "^": first, first[:6]: last, first[:6] + "~1": first, "refs/heads/old": first,
		} {
			found, err := repository.Resolve(t.Context(), name)
			require.NoError(t, err, name)
			assert.Equal(t, want, found.ID, name)
		}
		found, err := repository.Resolve(t.Context(), "HEAD")
		require.NoError(t, err)
		assert.Equal(t, "second", found.Summary)
		assert.Equal(t, "Ann", found.Author)
		assert.Equal(t, -1, found.Number)
		assert.Equal(t, c.do("log", "-1", "--format=%aI"), found.Date.Format("2006-01-02T15:04:05-07:00"))
	})
}

func TestGitRefusals(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, c checkout) {
		c.write("a", "1")
		c.commit("first")
		repository := c.open()
		for name, want := range map[string]any{
			"nope": new(*UnknownError), "^HEAD": new(*UnknownError), "HEAD..HEAD": new(*UnknownError), "HEAD:a": new(*UnknownError),
			strings.Repeat("1", 40): new(*UnknownError), "abcdef": new(*UnknownError),
			"--help": new(*NameError), "-n": new(*NameError), "": new(*NameError), "HEAD\n": new(*NameError),
		} {
			_, err := repository.Resolve(t.Context(), name)
			require.ErrorAs(t, err, want, "%q", name)
			assert.Contains(t, err.Error(), fmt.Sprintf("%q", name))
		}
	})
}

func TestAmbiguousShortGitHashListsItsCandidates(t *testing.T) {
	t.Parallel()
	inBothWays(t, func(t *testing.T, c checkout) {
		c.grow(2000) // of four digits, two are bound to be the same
		byPrefix := map[string][]string{}
		shared := ""
		for hash := range strings.FieldsSeq(c.do("rev-list", "grown")) {
			byPrefix[hash[:4]] = append(byPrefix[hash[:4]], hash)
			if len(byPrefix[hash[:4]]) > 1 {
				shared = hash[:4]
			}
		}
		require.NotEmpty(t, shared)
		for _, name := range []string{shared, shared + "~1"} {
			_, err := c.open().Resolve(t.Context(), name)
			var ambiguous *AmbiguousError
			require.ErrorAs(t, err, &ambiguous, name)
			var ids []string
			for _, candidate := range ambiguous.Candidates {
				ids = append(ids, candidate.ID)
			}
			assert.Equal(t, byPrefix[shared], ids, "newest first")
		}
	})
}

// Those that lie in packs, and those that each have a file; large ones are read later than others.
func TestManyFilesOfGitAreReadSideBySide(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Git)
	want := Tree{}
	for i := range manyBlobs + 500 {
		name, content := fmt.Sprint("files/", i), fmt.Sprint("content of ", i)
		if i%500 == 7 {
			content = strings.Repeat(content, largeObject/8)
		}
		want[name] = File{Data: []byte(content)}
	}
	c.place(want)
	c.commit("packed")
	c.do("repack", "-q", "-a", "-d")
	for i := 0; i < len(want); i += 3 {
		name := fmt.Sprint("files/", i)
		want[name] = File{Data: []byte(fmt.Sprint("loose, of ", i))}
	}
	c.place(want)
	c.commit("loose")
	repository := c.open()
	found, err := repository.Resolve(t.Context(), "HEAD")
	require.NoError(t, err)
	for range 2 {
		tree, err := repository.Files(t.Context(), found, nil, Limit{Files: 10 * manyBlobs, Size: 1 << 30, Total: 1 << 30})
		require.NoError(t, err)
		assert.True(t, maps.EqualFunc(want, tree, func(a, b File) bool { return bytes.Equal(a.Data, b.Data) }))
	}
}

// What git can read, skycap can, be it by go-git or not.
func TestUnusualGitRepositories(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make      func(c checkout) checkout
		byProgram bool
	}{
		"a linked worktree": {make: func(c checkout) checkout {
			linked := filepath.Join(c.t.TempDir(), "linked")
			c.do("worktree", "add", "--quiet", "-b", "linked", linked)
			return checkout{c.t, c.kind, linked}
		}},
		"a linked worktree with settings": {byProgram: true, make: func(c checkout) checkout {
			linked := filepath.Join(c.t.TempDir(), "linked")
			c.do("worktree", "add", "--quiet", "-b", "linked", linked)
			c.do("config", "extensions.worktreeConfig", "true")
			return checkout{c.t, c.kind, linked}
		}},
		"a shallow clone": {make: func(c checkout) checkout { return c.clone("--depth=1") }},
		"a partial clone": {byProgram: true, make: func(c checkout) checkout {
			c.do("config", "uploadpack.allowFilter", "true")
			return c.clone("--filter=blob:none", "--no-checkout")
		}},
		"a clone that borrows objects": {make: func(c checkout) checkout { return c.clone("--shared") }},
		"packed":                       {make: func(c checkout) checkout { c.do("gc", "--quiet"); return c }},
		"with longer hashes": {byProgram: true, make: func(c checkout) checkout {
			c.dir = c.t.TempDir()
			c.do("init", "--quiet", "--object-format=sha256")
			c.write("a", "1")
			c.commit("one")
			return c
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, Git)
			c.write("a", "1")
			c.commit("one")
			c = test.make(c)
			repository, err := Open(run.Local{}, c.dir, "")
			require.NoError(t, err)
			_, isByProgram := repository.(*gitProgram)
			assert.Equal(t, test.byProgram, isByProgram)
			found, err := repository.Resolve(t.Context(), "HEAD")
			require.NoError(t, err)
			listed, err := repository.Files(t.Context(), found, nil, Limit{Files: 1, Total: 1})
			require.NoError(t, err)
			assert.Equal(t, Tree{"a": {Unread: 1}}, listed)
			files, err := repository.Files(t.Context(), found, nil, Limit{})
			require.NoError(t, err)
			assert.Equal(t, Tree{"a": {Data: []byte("1")}}, files)
		})
	}
}

// Large files, each in a file of its own as long as nobody packs them, and packed as
// differences from each other.
func TestLargeGitFiles(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Git)
	texts := map[string]string{}
	var text strings.Builder
	for i := range 3 {
		for line := range 100_000 {
			fmt.Fprintf(&text, "line %d of %d\n", line*line, i)
		}
		c.write("large", text.String())
		texts[c.commit("larger")] = text.String()
	}
	for range 2 {
		repository := c.open()
		for id, text := range texts {
			require.Greater(t, len(text), 1<<20)
			files, err := repository.Files(t.Context(), Revision{ID: id}, nil, Limit{Files: 10, Size: 1 << 20, Total: 1 << 20})
			require.NoError(t, err)
			assert.Equal(t, Tree{"large": {Unread: int64(len(text))}}, files)
			files, err = repository.Files(t.Context(), Revision{ID: id}, nil, Limit{})
			require.NoError(t, err)
			assert.True(t, text == string(files["large"].Data))
		}
		c.do("gc", "--quiet")
	}
}

// clone clones a checkout as if it were elsewhere.
func (c checkout) clone(options ...string) checkout {
	c.t.Helper()
	clone := checkout{c.t, c.kind, filepath.Join(c.t.TempDir(), "clone")}
	c.do(append(append([]string{"clone", "--quiet"}, options...), "file://"+c.dir, clone.dir)...)
	return clone
}

// What go-git leaves out of a name, or doesn't know, git itself finds.
func TestGitNamesThatGoGitDoesNotKnow(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Git)
	c.write("a", "1")
	first := c.commit("one")
	c.do("tag", "--annotate", "--message=one", "v1")
	c.do("tag", "--annotate", "--message=one again", "again", "v1")
	c.write("a", "2")
	second := c.commit("two")
	repository := c.open()
	for name, want := range map[string]string{"again": first, "HEAD@{1}": first, "v1-1-g" + second[:7]: second, "v1^{commit}": first} {
		found, err := repository.Resolve(t.Context(), name)
		require.NoError(t, err, name)
		assert.Equal(t, want, found.ID, name)
	}
	for _, name := range []string{"HEAD^{tree}", "HEAD@{push}", "HEAD@{9}"} {
		_, err := repository.Resolve(t.Context(), name)
		assert.Error(t, err, name)
	}
	borrowing := c.clone("--shared")
	repository, err := Open(run.Local{}, borrowing.dir, "")
	require.NoError(t, err)
	found, err := repository.Resolve(t.Context(), "HEAD")
	require.NoError(t, err)
	files, err := repository.Files(t.Context(), found, nil, Limit{})
	require.NoError(t, err)
	assert.Equal(t, Tree{"a": {Data: []byte("2")}}, files)
}
