package revision

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckSubrepositories(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind, file string
		paths      []string
	}{
		"no hg file":    {Mercurial, "", nil},
		"hg":            {Mercurial, "lib = ../lib\n  vendor/x=[git]https://example.com/x\n", []string{"lib", "vendor/x"}},
		"hg, none left": {Mercurial, "# lib = ../lib\n; x = y\n\n[subpaths]\nhttps://a = https://b\n", nil},
		"no git file":   {Git, "", nil},
		"git":           {Git, "[submodule \"lib\"]\n\tpath = lib\n\turl = ../lib\n[submodule \"x\"]\n  Path = \"vendor/x\"\n", []string{"lib", "vendor/x"}},
		"git, others":   {Git, "[core]\n\tpath = lib\n# path = x\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckSubrepositories(test.kind, Revision{ID: "3f2c1a9b8d70"}, File{Data: []byte(test.file)})
			if test.paths == nil {
				require.NoError(t, err)
				return
			}
			var refused *SubrepositoryError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, test.paths, refused.Paths)
			assert.Contains(t, err.Error(), `"lib", "vendor/x"`)
		})
	}
}

// As the programs themselves make them.
func TestSubrepositoriesAreFound(t *testing.T) {
	t.Parallel()
	for name, kind := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, lib := newCheckout(t, name), newCheckout(t, name)
			lib.write("a", "1")
			lib.commit("one")
			c.write("b", "1")
			if kind == Git {
				c.do("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", lib.dir, "lib")
			} else {
				c.do("clone", "--quiet", lib.dir, filepath.Join(c.dir, "lib"))
				c.write(SubrepositoryFile(kind), "lib = "+lib.dir+"\n")
			}
			id := c.commit("with another repository")
			repository := c.open()
			assert.Equal(t, kind, repository.Kind())
			found, err := repository.Resolve(t.Context(), id)
			require.NoError(t, err)
			files, err := repository.Files(t.Context(), found, []string{SubrepositoryFile(kind)}, Limit{})
			require.NoError(t, err)
			var refused *SubrepositoryError
			require.ErrorAs(t, CheckSubrepositories(kind, found, files[SubrepositoryFile(kind)]), &refused)
			assert.Equal(t, &SubrepositoryError{Kind: kind, Revision: found, Paths: []string{"lib"}}, refused)
		})
	}
}

// Git has submodules also where no file tells of them.
func TestASubmoduleAmongTheFilesIsRefused(t *testing.T) {
	t.Parallel()
	inBothWays(t, testSubmodule)
}

func testSubmodule(t *testing.T, c checkout) {
	t.Helper()
	c.write("a", "1")
	c.write("b", "1")
	from := c.commit("from")
	c.do("rm", "--quiet", "--cached", "b")
	c.do("update-index", "--add", "--cacheinfo", "160000,"+from+",b")
	c.do("update-index", "--add", "--cacheinfo", "160000,"+from+",folder/module")
	c.do("commit", "--quiet", "--message=submodules")
	to := Revision{ID: c.do("rev-parse", "HEAD")}

	repository := c.open()
	changed, removed, err := repository.Changed(t.Context(), from, to.ID)
	require.NoError(t, err)
	assert.Empty(t, changed)
	assert.Equal(t, []string{"b"}, removed)
	for path, at := range map[string]string{".": "b", "b": "b", "folder": "folder/module"} {
		_, err := repository.Files(t.Context(), to, []string{path}, Limit{})
		var refused *SubrepositoryError
		require.ErrorAs(t, err, &refused, path)
		assert.Equal(t, Git, refused.Kind)
		assert.Contains(t, refused.Paths, at)
	}
	tree, err := repository.Files(t.Context(), to, []string{"a"}, Limit{})
	require.NoError(t, err)
	assert.Equal(t, []string{"a"}, tree.Paths())
}
