package revision

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// headOf is how each kind calls what was committed last.
func headOf(kind string) string {
	return map[string]string{Mercurial: "tip", Git: "HEAD"}[kind]
}

// elsewhere is a repository at an address, with mirrors in a folder.
func elsewhere(t *testing.T, kind string, from served, folder string) Elsewhere {
	t.Helper()
	return Elsewhere{Runner: from.runner, URL: from.url, Kind: kind, Folder: folder, Told: func(string) {}}
}

func openMirror(t *testing.T, from Elsewhere) Repository {
	t.Helper()
	repository, err := OpenURL(t.Context(), from)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, repository.Close()) })
	return repository
}

func TestMirrorsFollowWhatTheyMirror(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{Mercurial, Git} {
		for _, protocol := range []string{"file", "http", "ssh"} {
			t.Run(kind+" over "+protocol, func(t *testing.T) {
				t.Parallel()
				c, folder := newCheckout(t, kind), filepath.Join(t.TempDir(), "mirrors")
				if kind == Git {
					c.do("checkout", "--quiet", "-b", "trunk")
				}
				c.write("a", "0")
				c.commit("commit 0")
				from := elsewhere(t, kind, serve(t, c, protocol), folder)
				for _, content := range []string{"1", "2"} { // the first copies, the second pulls
					c.write("a", content)
					id := c.commit("commit " + content)
					repository := openMirror(t, from)
					found, err := repository.Resolve(t.Context(), headOf(kind))
					require.NoError(t, err)
					assert.Equal(t, id, found.ID)
					files, err := repository.Files(t.Context(), found, []string{"a"}, Limit{})
					require.NoError(t, err)
					assert.Equal(t, content, string(files["a"].Data))
					phase, err := repository.Phase(t.Context(), found)
					require.NoError(t, err)
					assert.Equal(t, Public, phase)
					source, err := repository.Source(t.Context())
					require.NoError(t, err)
					assert.Equal(t, sourceOf(from.URL), source)
				}
			})
		}
	}
}

func TestAMirrorCostsOneStart(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string][]string{
		Mercurial: {"serve"},
		Git:       {"fetch", "gc"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c, folder := newCheckout(t, kind), t.TempDir()
			c.write("a", "1")
			id := c.commit("one")
			from := elsewhere(t, kind, serve(t, c, "file"), folder)
			first, err := OpenURL(t.Context(), from)
			require.NoError(t, err)
			require.NoError(t, first.Close())
			counted := &counting{Runner: run.Local{}}
			from.Runner = counted
			repository := openMirror(t, from)
			for range 3 {
				found, err := repository.Resolve(t.Context(), headOf(kind))
				require.NoError(t, err)
				_, err = repository.Files(t.Context(), found, nil, Limit{})
				require.NoError(t, err)
			}
			require.Len(t, counted.started(), len(want))
			for i, word := range want {
				assert.Contains(t, counted.started()[i], " "+word+" ")
			}

			// A full hash that is there needs nobody.
			require.NoError(t, os.RemoveAll(c.dir))
			found, err := openMirror(t, from).Resolve(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, id, found.ID)
			_, err = openMirror(t, from).Resolve(t.Context(), headOf(kind))
			var remote *RemoteError
			require.ErrorAs(t, err, &remote)
		})
	}
}

func TestTwoRunsAtOnceShareAMirror(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{Mercurial, Git} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c, folder := newCheckout(t, kind), t.TempDir()
			c.write("a", "1")
			id := c.commit("one")
			from := elsewhere(t, kind, serve(t, c, "file"), folder)
			const runs = 4
			found, faults := make(chan string, runs), make(chan error, runs)
			for range runs {
				go func() {
					one, err := func() (Revision, error) {
						repository, err := OpenURL(t.Context(), from)
						if err != nil {
							return Revision{}, err
						}
						defer func() { _ = repository.Close() }()
						return repository.Resolve(t.Context(), headOf(kind))
					}()
					found <- one.ID
					faults <- err
				}()
			}
			for range runs {
				assert.Equal(t, id, <-found)
				assert.NoError(t, <-faults)
			}
			left, err := filepath.Glob(filepath.Join(folder, "*.new"))
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}

// A run that finds another at the mirror says so, and waits for it.
func TestAMirrorIsUpdatedByOneRunAtATime(t *testing.T) {
	t.Parallel()
	c, folder := newCheckout(t, Mercurial), t.TempDir()
	c.write("a", "1")
	c.commit("one")
	from := elsewhere(t, Mercurial, serve(t, c, "file"), folder)
	first := openMirror(t, from)
	other, err := openLock(first.(*mirror).path + ".lock")
	require.NoError(t, err)
	require.NoError(t, other.take(t.Context(), func() { t.Error("nobody has it") }))
	from.Told = func(text string) {
		assert.Contains(t, text, "waiting for another skycap")
		other.release()
	}
	_, err = openMirror(t, from).Resolve(t.Context(), "tip")
	require.NoError(t, err)

	held, err := openLock(first.(*mirror).path + ".lock")
	require.NoError(t, err)
	defer held.release()
	require.NoError(t, held.take(t.Context(), nil))
	canceled, cancel := context.WithCancel(t.Context())
	from.Told = func(string) { cancel() }
	_, err = openMirror(t, from).Resolve(canceled, "tip")
	require.ErrorIs(t, err, context.Canceled)
}

func TestADamagedMirrorHeals(t *testing.T) {
	t.Parallel()
	cut := func(pattern string) func(*testing.T, string) {
		return func(t *testing.T, mirror string) {
			files, err := filepath.Glob(filepath.Join(mirror, pattern))
			require.NoError(t, err)
			require.NotEmpty(t, files)
			for _, file := range files {
				require.NoError(t, os.Chmod(file, 0o600))
				require.NoError(t, os.Truncate(file, 10))
			}
		}
	}
	place := func(name, content string) func(*testing.T, string) {
		return func(t *testing.T, mirror string) {
			require.NoError(t, os.WriteFile(filepath.Join(mirror, name), []byte(content), 0o600))
		}
	}
	for name, test := range map[string]struct {
		kind   string
		damage func(*testing.T, string)
	}{
		"hg, a pull was killed":    {Mercurial, place(".hg/store/journal", "")},
		"hg, a changelog cut off":  {Mercurial, cut(".hg/store/00changelog.i")},
		"hg, another's format":     {Mercurial, place(".hg/requires", "from-the-future\n")},
		"git, a pull was killed":   {Git, place("packed-refs.lock", "")},
		"git, references cut off":  {Git, cut("refs/heads/*")},
		"hg, there is nothing":     {Mercurial, func(t *testing.T, mirror string) { require.NoError(t, os.RemoveAll(filepath.Join(mirror, ".hg"))) }},
		"git, there is nothing":    {Git, func(t *testing.T, mirror string) { require.NoError(t, os.RemoveAll(filepath.Join(mirror, "objects"))) }},
		"git, objects cut off":     {Git, cut("objects/??/*")},
		"git, settings are broken": {Git, place("config", "[core\n")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, folder := newCheckout(t, test.kind), t.TempDir()
			c.write("a", "1")
			c.commit("one")
			from := elsewhere(t, test.kind, serve(t, c, "file"), folder)
			path := openMirror(t, from).(*mirror).path
			test.damage(t, path)
			require.NoError(t, os.MkdirAll(path+".new/repository", 0o700)) // of a copy that was killed
			c.write("a", "2")
			id := c.commit("two")
			if test.kind == Git {
				c.do("branch", "new") // packed-refs is written where a branch goes
				c.do("pack-refs", "--all")
			}
			repository := openMirror(t, from)
			found, err := repository.Resolve(t.Context(), headOf(test.kind))
			require.NoError(t, err)
			assert.Equal(t, id, found.ID)
			files, err := repository.Files(t.Context(), found, nil, Limit{})
			require.NoError(t, err)
			assert.Equal(t, "2", string(files["a"].Data))
		})
	}
}

func TestWhatLetsPeopleInIsSeenNowhere(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{Mercurial, Git} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, kind)
			c.write("a", "1")
			c.commit("one")
			from := elsewhere(t, kind, serve(t, c, "http"), t.TempDir())
			counted := &counting{Runner: from.Runner}
			var told []string
			from.Runner, from.Told = counted, func(text string) { told = append(told, text) }
			_, err := openMirror(t, from).Resolve(t.Context(), headOf(kind))
			require.NoError(t, err)
			from.URL = strings.Replace(from.URL, "s3cret", "wr0ng", 1)
			_, err = openMirror(t, from).Resolve(t.Context(), headOf(kind))
			var remote *RemoteError
			require.ErrorAs(t, err, &remote)
			said := strings.Join(append(append(told, counted.started()...), err.Error()), "\n")
			assert.NotEmpty(t, counted.started())
			for _, secret := range []string{"s3cret", "wr0ng", "ann"} {
				assert.NotContains(t, said, secret)
			}

			// Whatever lets people in, it is the same mirror.
			copied := len(told)
			from.URL = strings.Replace(from.URL, "wr0ng", "s3cret", 1)
			_, err = openMirror(t, from).Resolve(t.Context(), headOf(kind))
			require.NoError(t, err)
			assert.Len(t, told, copied)
		})
	}
}

func TestAMirrorOfNothingLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{Mercurial, Git} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			_, err := OpenURL(t.Context(), elsewhere(t, kind, served{"file:///no/such/repository", run.Local{}}, folder))
			var remote *RemoteError
			require.ErrorAs(t, err, &remote)
			assert.Contains(t, remote.Detail, "/no/such/repository")
			left, err := filepath.Glob(filepath.Join(folder, "*"))
			require.NoError(t, err)
			require.Len(t, left, 1)
			assert.Equal(t, ".lock", filepath.Ext(left[0]))
		})
	}
}

// What is damaged is what the mirror is of: a mirror made anew would fare no better.
func TestDamageOfTheOtherSideCostsNoMirror(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{Mercurial, Git} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, kind)
			c.write("a", "1")
			c.commit("one")
			from := elsewhere(t, kind, serve(t, c, "ssh"), t.TempDir())
			openMirror(t, from)
			c.write("a", strings.Repeat("text of some length\n", 10))
			c.commit("two")
			damaged := ".hg/store/00changelog.i"
			if kind == Git {
				hash := c.do("rev-parse", "HEAD:a")
				damaged = ".git/objects/" + hash[:2] + "/" + hash[2:]
			}
			damaged = filepath.Join(c.dir, damaged)
			require.NoError(t, os.Chmod(damaged, 0o600))
			require.NoError(t, os.Truncate(damaged, 10))
			from.Told = func(text string) { t.Error(text) }
			_, err := openMirror(t, from).Resolve(t.Context(), headOf(kind))
			var remote *RemoteError
			require.ErrorAs(t, err, &remote)
		})
	}
}
