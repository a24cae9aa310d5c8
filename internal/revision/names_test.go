package revision

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// hardTree has the names that break programs which list or quote names.
// Mercurial refuses line ends in names; Git has them.
func hardTree(kind string) Tree {
	tree := Tree{}
	names := []string{
		"-dash", "--option=x", " lead", "trail ", `q"uote`, "it's", `back\slash`, `back\nslash`, "tab\tx", "\x01control",
		"latin\xe9", "\xff\xfe", "utf-8 é", "*glob[a]?", "$x`y`", "set:x", "glob:*", "re:.*", "#", "~", "folder/-x", "-folder/x",
		strings.Repeat("a", 120), strings.Repeat("b", 90) + "/" + strings.Repeat("c", 150), "\xe9" + strings.Repeat("d", 150),
		strings.Repeat("é", 80), "empty",
	}
	if kind == Git {
		names = append(names, "line\nend", "line\r", "\n", "end\n", "a\n./b")
	}
	for _, name := range names {
		tree[name] = File{Data: []byte("in " + name + "\r\n"), Executable: strings.HasPrefix(name, "-")}
	}
	tree["empty"] = File{Data: []byte{}}
	tree["bytes"] = File{Data: []byte("\x00\xff\r\n\n")}
	tree["link\xe9"] = File{Link: "latin\xe9"}
	tree["link out"] = File{Link: "../../" + strings.Repeat("x", 150)}
	tree["link long"] = File{Link: strings.Repeat("\xe9", 200)}
	return tree
}

// place makes the folder be what the tree says, beside what it has.
func (c checkout) place(tree Tree) {
	c.t.Helper()
	for name, file := range tree {
		at := filepath.Join(c.dir, name)
		require.NoError(c.t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(c.t, os.RemoveAll(at))
		if file.Link != "" {
			require.NoError(c.t, os.Symlink(file.Link, at))
			continue
		}
		require.NoError(c.t, os.WriteFile(at, file.Data, 0o644))
		if file.Executable {
			require.NoError(c.t, os.Chmod(at, 0o755))
		}
	}
}

func TestTheWholeTreeKeepsEachByte(t *testing.T) {
	t.Parallel()
	for name, kind := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, want := newCheckout(t, name), hardTree(kind)
			c.place(want)
			id := c.commit("hard names")
			repository := c.open()
			for _, paths := range [][]string{nil, {"."}} {
				tree, err := repository.Files(t.Context(), Revision{ID: id}, paths, Limit{})
				require.NoError(t, err)
				assert.Equal(t, want, tree)
			}
			for name, file := range want {
				tree, err := repository.Files(t.Context(), Revision{ID: id}, []string{name}, Limit{})
				require.NoError(t, err)
				assert.Equal(t, Tree{name: file}, tree)
			}
		})
	}
}

// In a locale of single bytes, Python would take each byte of a name for a
// character and write it as UTF-8.
func TestMercurialNamesInALatinLocale(t *testing.T) {
	t.Parallel()
	c, want := newCheckout(t, Mercurial), hardTree(Mercurial)
	locales := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "localedef", "--inputfile=en_US", "--charmap=ISO-8859-1",
		filepath.Join(locales, "en_US.ISO-8859-1")).CombinedOutput()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("localedef: %v: %s", err, out)
		}
		t.Skipf("localedef: %v: %s", err, out)
	}
	c.place(want)
	id := c.commit("hard names")
	latin := run.Func(func(ctx context.Context, command run.Command) error {
		command.Env = append(command.Env, "LOCPATH="+locales, "LC_ALL=en_US.ISO-8859-1")
		return run.Local{}.Run(ctx, command)
	})
	repository, err := Open(latin, c.dir, Mercurial)
	require.NoError(t, err)
	defer func() { assert.NoError(t, repository.Close()) }()
	tree, err := repository.Files(t.Context(), Revision{ID: id}, nil, Limit{})
	require.NoError(t, err)
	assert.Equal(t, want, tree)
}

func TestMercurialFilesAreNotFiltered(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	c.write("a", "one\ntwo\n")
	id := c.commit("lines")
	c.write(".hg/hgrc", "[decode]\n** = sed s/one/three/\n")
	tree, err := c.open().Files(t.Context(), Revision{ID: id}, nil, Limit{})
	require.NoError(t, err)
	assert.Equal(t, Tree{"a": {Data: []byte("one\ntwo\n")}}, tree)
}

func TestACommitWithoutFiles(t *testing.T) {
	t.Parallel()
	for name := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, name)
			c.write("a", "1")
			c.commit("one")
			require.NoError(t, os.Remove(filepath.Join(c.dir, "a")))
			id := c.commit("none")
			tree, err := c.open().Files(t.Context(), Revision{ID: id}, nil, Limit{})
			require.NoError(t, err)
			assert.Empty(t, tree)
		})
	}
}

func TestFilesOfAnUnknownCommit(t *testing.T) {
	t.Parallel()
	for name := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, name)
			c.write("a", "1")
			c.commit("one")
			_, err := c.open().Files(t.Context(), Revision{ID: strings.Repeat("12", 20)}, nil, Limit{})
			assert.Error(t, err)
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, name)
			c.write("large", "x")
			c.commit("small yet")
			for name, size := range map[string]int{"small": 10, "folder/more": 20, "folder/most": 1000, "large": 100_000} {
				c.write(name, strings.Repeat("x", size))
			}
			require.NoError(t, os.Chmod(filepath.Join(c.dir, "large"), 0o755))
			id := c.commit("a second version")
			repository := c.open()
			for test, limit := range map[string]Limit{
				"large":                   {Files: 4, Size: 1000, Total: 1030},
				"small more most large":   {Files: 4, Size: 1000, Total: 1029},
				"all":                     {Files: 3, Size: 1000, Total: 1030},
				"most large":              {Files: 4, Size: 999, Total: 30},
				"":                        {Files: 4, Size: 100_000, Total: 101_030},
				"small more most large 2": {Files: 4, Size: 100_000, Total: 101_029},
			} {
				files, err := repository.Files(t.Context(), Revision{ID: id}, []string{"folder", "small", "large"}, limit)
				require.NoError(t, err)
				require.Len(t, files, 4)
				for path, size := range map[string]int64{"small": 10, "folder/more": 20, "folder/most": 1000, "large": 100_000} {
					file := files[path]
					assert.Equal(t, path == "large", file.Executable, path)
					switch {
					case test == "all":
						assert.Equal(t, int64(Unsized), file.Unread, "%v: %s", limit, path)
					case strings.Contains(test, filepath.Base(path)):
						assert.Equal(t, size, file.Unread, "%v: %s", limit, path)
						assert.Empty(t, file.Data)
					default:
						assert.Zero(t, file.Unread, "%v: %s", limit, path)
						assert.Len(t, file.Data, int(size))
					}
				}
			}
		})
	}
}
