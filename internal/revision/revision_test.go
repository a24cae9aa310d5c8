package revision

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// checkout is a repository under test: a folder, and how to commit what lies in it.
type checkout struct {
	t    *testing.T
	kind string
	dir  string
}

// byProgram is a Git repository that go-git can't open.
const byProgram = "git by its program"

// ways are the ways in which repositories are read, and the kind that each is for.
func ways() map[string]string {
	return map[string]string{Mercurial: Mercurial, Git: Git, byProgram: Git}
}

func newCheckout(t *testing.T, way string) checkout {
	t.Helper()
	kind := ways()[way]
	if _, err := exec.LookPath(kind); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", kind)
		}
		t.Skipf("%s is not installed", kind)
	}
	c := checkout{t: t, kind: kind, dir: t.TempDir()}
	c.do("init", "--quiet")
	if way == byProgram {
		c.do("config", "extensions.worktreeConfig", "true")
	}
	return c
}

func (c checkout) do(args ...string) string {
	c.t.Helper()
	command := exec.CommandContext(c.t.Context(), c.kind, args...)
	command.Dir = c.dir
	command.Env = append(os.Environ(), "HGPLAIN=1", "HGUSER=Ann <ann@example.com>",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com")
	out, err := command.CombinedOutput()
	require.NoError(c.t, err, "%s %v: %s", c.kind, args, out)
	return strings.TrimSpace(string(out))
}

func (c checkout) write(name, content string) {
	c.t.Helper()
	file := filepath.Join(c.dir, name)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(c.t, os.WriteFile(file, []byte(content), 0o644))
}

func (c checkout) commit(message string) string {
	c.t.Helper()
	if c.kind == Git {
		c.do("add", "--all")
		c.do("commit", "--quiet", "--message="+message)
		return c.do("rev-parse", "HEAD")
	}
	c.do("commit", "--quiet", "--addremove", "--message="+message)
	return c.do("log", "--rev=.", "--template={node}")
}

func (c checkout) open() Repository {
	c.t.Helper()
	repository, err := Open(run.Local{}, c.dir, "")
	require.NoError(c.t, err)
	c.t.Cleanup(func() { assert.NoError(c.t, repository.Close()) })
	return repository
}

func TestMercurialNames(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	c.write("a", "1")
	first := c.commit("first")
	c.do("tag", "--quiet", "v1", "--rev=0")
	c.do("bookmark", "--rev=0", "next")
	c.do("branch", "--quiet", "stable")
	c.write("a", "2")
	last := c.commit("on stable\n\nwith a body")
	repository := c.open()

	for name, want := range map[string]string{
		first: first, first[:12]: first, first[:7]: first, "0": first, "v1": first, "next": first,
		"tip": last, ".": last, "stable": last, "last(branch(stable))": last, "min(all())": first, "max(branch(stable))": last,
		"desc(" + "'on stable')": last,
	} {
		found, err := repository.Resolve(t.Context(), name)
		require.NoError(t, err, name)
		assert.Equal(t, want, found.ID, name)
	}
	found, err := repository.Resolve(t.Context(), "tip")
	require.NoError(t, err)
	assert.Equal(t, "on stable", found.Summary)
	assert.Equal(t, "stable", found.Branch)
	assert.Equal(t, "Ann", found.Author)
	assert.Equal(t, 2, found.Number)
}

func TestMercurialRefusals(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	c.write("a", "1")
	c.commit("first")
	c.write("a", "2")
	c.commit("second")
	repository := c.open()
	for name, want := range map[string]any{
		"nope":           new(*UnknownError),
		"null":           new(*UnknownError),
		"wdir()":         new(*UnknownError),
		"none()":         new(*UnknownError),
		"all()":          new(*SeveralError),
		"":               new(*NameError),
		"--config=a=!id": new(*NameError),
		"-1":             new(*NameError),
		"tip\x00--debug": new(*NameError),
		"tip\n":          new(*NameError),
	} {
		_, err := repository.Resolve(t.Context(), name)
		require.ErrorAs(t, err, want, "%q", name)
		assert.Contains(t, err.Error(), fmt.Sprintf("%q", name))
	}
}

func TestAmbiguousShortHashListsItsCandidates(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	c.do("debugbuilddag", "+60") // far more commits than there are letters to begin with
	hashes := strings.Fields(c.do("log", "--template={node}\n"))
	prefix, want := "", 0
	for _, letter := range "abcdef" { // a digit would be a revision's number
		count := 0
		for _, hash := range hashes {
			if strings.HasPrefix(hash, string(letter)) {
				count++
			}
		}
		if count > want {
			prefix, want = string(letter), count
		}
	}
	_, err := c.open().Resolve(t.Context(), prefix)
	var ambiguous *AmbiguousError
	require.ErrorAs(t, err, &ambiguous)
	assert.Len(t, ambiguous.Candidates, want)
	assert.GreaterOrEqual(t, want, 2)
	for _, candidate := range ambiguous.Candidates[:2] {
		assert.True(t, strings.HasPrefix(candidate.ID, prefix))
		assert.Contains(t, err.Error(), candidate.Short())
	}
}

// reading is how Follow reads a commit whole.
func reading(t *testing.T, repository Repository, revision Revision) func([]string) (Tree, error) {
	t.Helper()
	return func(paths []string) (Tree, error) { return repository.Files(t.Context(), revision, paths, Limit{}) }
}

func TestReadTakesTheCommitAndFollowsLinks(t *testing.T) {
	t.Parallel()
	for name := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, name)
			c.write("config/web/a b 'ü'.txt", "spaces\n")
			c.write("config/web/sub/.env", "")
			c.write("config/web/bin", "\x00\xff")
			c.write("elsewhere/shared/x", "shared")
			c.write("skycap.yaml", "app: a")
			require.NoError(t, os.Chmod(filepath.Join(c.dir, "config/web/bin"), 0o755))
			require.NoError(t, os.Symlink("../../elsewhere/shared", filepath.Join(c.dir, "config/web/folder")))
			require.NoError(t, os.Symlink("folder/x", filepath.Join(c.dir, "config/web/chain")))
			require.NoError(t, os.Symlink("../skycap.yaml", filepath.Join(c.dir, "config/file")))
			id := c.commit("files")
			c.write("config/web/a b 'ü'.txt", "changed on disk")
			c.write("config/web/new", "not committed")

			repository := c.open()
			revision, err := repository.Resolve(t.Context(), id)
			require.NoError(t, err)
			tree, err := Follow([]string{"config", "absent", "skycap.yaml"}, reading(t, repository, revision))
			require.NoError(t, err)
			assert.Equal(t, Tree{
				"config/web/a b 'ü'.txt": {Data: []byte("spaces\n")},
				"config/web/sub/.env":    {Data: []byte{}},
				"config/web/bin":         {Data: []byte("\x00\xff"), Executable: true},
				"config/web/folder/x":    {Data: []byte("shared")},
				"config/web/chain":       {Data: []byte("shared")},
				"config/file":            {Data: []byte("app: a")},
				"skycap.yaml":            {Data: []byte("app: a")},
			}, tree)
			nothing, err := Follow([]string{"absent"}, reading(t, repository, revision))
			require.NoError(t, err)
			assert.Empty(t, nothing)
		})
	}
}

func TestReadRefusesLinksThatLeave(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]string{"absolute": "/etc/passwd", "upwards": "../../etc/passwd", "dangling": "nowhere", "loop": "link"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, Git)
			require.NoError(t, os.Mkdir(filepath.Join(c.dir, "config"), 0o755))
			require.NoError(t, os.Symlink(link, filepath.Join(c.dir, "config/link")))
			id := c.commit("link")
			repository := c.open()
			revision, err := repository.Resolve(t.Context(), id)
			require.NoError(t, err)
			_, err = Follow([]string{"config"}, reading(t, repository, revision))
			var refused *LinkError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, "config/link", refused.Path)
		})
	}
}

func TestOneProcessForAllThatIsAsked(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	c.write("a", "1")
	c.commit("first")
	started := 0
	runner := run.Local{Started: func(run.Command) { started++ }}
	repository, err := Open(runner, c.dir, Mercurial)
	require.NoError(t, err)
	defer func() { assert.NoError(t, repository.Close()) }()
	for range 3 {
		revision, err := repository.Resolve(t.Context(), "tip")
		require.NoError(t, err)
		_, err = repository.Files(t.Context(), revision, []string{"a"}, Limit{})
		require.NoError(t, err)
	}
	assert.Equal(t, 1, started)
}

func TestMercurialNotInstalled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".hg"), 0o755))
	missing := run.Func(func(context.Context, run.Command) error { return &run.NotFoundError{Name: "hg"} })
	repository, err := Open(missing, dir, "")
	require.NoError(t, err)
	_, err = repository.Resolve(t.Context(), "tip")
	var notFound *run.NotFoundError
	require.ErrorAs(t, err, &notFound)
	assert.NoError(t, repository.Close())
}

func TestCanceledContextEndsTheWait(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	c.write("a", "1")
	c.commit("first")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.open().Resolve(ctx, "tip")
	assert.True(t, errors.Is(err, context.Canceled), "%v", err)
}

func TestNoRepository(t *testing.T) {
	t.Parallel()
	_, err := Open(run.Local{}, t.TempDir(), "")
	var none *NoRepositoryError
	require.ErrorAs(t, err, &none)
}
