package action

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
)

// layered is a skycap.yaml with configuration and secrets in layers.
const layered = `app: shop
services:
  web:
    config: {from: [config/all, config/web, one.conf], mount: /etc/web}
    secrets: {from: [secrets], mount: /run/secrets}
    kubernetes: {manifests: deploy}
environments:
  staging:
    kubernetes: {context: staging, namespace: shop}
`

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	const gigabytes = 2 << 30
	o, repository := preparing(t, layered, revision.Tree{
		settings.FileName: text(layered), "config/all/big": {}, "config/all/just": {}, "config/web/page.tmpl": {}, "config/web/huge.tmpl": {},
		"one.conf": {}, "secrets/sealed.age": {}, "secrets/big.age": {}, "deploy/web.yaml": {}, "deploy/big.yaml": {}, "elsewhere": {},
	})
	repository.sizes = map[string]int64{
		"config/all/big": gigabytes, "config/all/just": config.MaxFileSize + 100, "config/web/page.tmpl": 2 << 20, "config/web/huge.tmpl": 9 << 20,
		"one.conf": 1 << 20, "secrets/sealed.age": 3 << 20, "secrets/big.age": 4 << 20, "deploy/web.yaml": 4 << 20, "deploy/big.yaml": 9 << 20,
		"elsewhere": gigabytes,
	}
	_, err := o.RenderConfig(t.Context(), Wanted{Revision: "tip", Environment: "staging"})
	require.Error(t, err)
	assert.Equal(t, `config/all/big: is 2147483648 bytes; a configuration file may have at most 921600 (900 KiB)
config/web/huge.tmpl: is 9437184 bytes; a file that a release is made of may have at most 8388608 (8192 KiB)
deploy/big.yaml: is 9437184 bytes; a file that a release is made of may have at most 8388608 (8192 KiB)
one.conf: is 1048576 bytes; a configuration file may have at most 921600 (900 KiB)
secrets/big.age: is 4194304 bytes; an encrypted file may have at most 3686400 (3600 KiB)`, err.Error())
	var fault *config.Fault
	require.ErrorAs(t, err, &fault)
}

func TestTooManyFilesAreRefused(t *testing.T) {
	t.Parallel()
	tree := revision.Tree{settings.FileName: text(layered)}
	for i := range config.MaxFiles {
		tree[fmt.Sprintf("config/all/%d", i)], tree[fmt.Sprintf("config/web/%d", i)] = revision.File{}, revision.File{}
	}
	o, _ := preparing(t, layered, tree)
	wanted := Wanted{Revision: "tip", Environment: "staging"}
	_, err := o.RenderConfig(t.Context(), wanted)
	require.EqualError(t, err, "secrets: no file there at this revision", "that a layer replaces files of another is no fault")

	tree["one.conf"] = revision.File{}
	for i := range 10 * config.MaxFiles {
		tree[fmt.Sprintf("deploy/%d", i)] = revision.File{}
	}
	_, err = o.RenderConfig(t.Context(), wanted)
	require.Error(t, err)
	assert.Equal(t, `config/all, config/web, one.conf: 5001 files; a service may have at most 5000
deploy: 50000 files; a service may have at most 5000`, err.Error())
}

// What a link leads to is bounded as the link would be.
func TestWhatALinkLeadsToIsRefused(t *testing.T) {
	t.Parallel()
	o, repository := preparing(t, layered, revision.Tree{
		settings.FileName: text(layered), "config/all/link": {Link: "../../elsewhere"}, "elsewhere": {},
	})
	repository.sizes = map[string]int64{"elsewhere": 2 << 30}
	_, err := o.RenderConfig(t.Context(), Wanted{Revision: "tip", Environment: "staging"})
	require.ErrorContains(t, err, "elsewhere: is 2147483648 bytes; a file that a release is made of may have at most 8388608")
}

func TestTooMuchInAllIsRefused(t *testing.T) {
	t.Parallel()
	tree, sizes := revision.Tree{settings.FileName: text(layered)}, map[string]int64{}
	for i := range 200 {
		name := fmt.Sprintf("config/all/%d.tmpl", i)
		tree[name], sizes[name] = revision.File{}, 8<<20
	}
	o, repository := preparing(t, layered, tree)
	repository.sizes = sizes
	_, err := o.RenderConfig(t.Context(), Wanted{Revision: "tip", Environment: "staging"})
	require.EqualError(t, err, `files: 1677721600 bytes in all, of which "config/all/0.tmpl" has 8388608; a release may be made of at most 1073741824 (1 GiB)`)
}

func TestPointersOfGitLFSAreRefused(t *testing.T) {
	t.Parallel()
	o, _ := preparing(t, layered, revision.Tree{
		settings.FileName: text(layered), "config/all/logo": text("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 5\n"),
	})
	_, err := o.RenderConfig(t.Context(), Wanted{Revision: "tip", Environment: "staging"})
	require.ErrorContains(t, err, "config/all/logo: is in Git LFS")
}

func TestWhatHostsAreSentIsBounded(t *testing.T) {
	t.Parallel()
	file := fmt.Sprintf(shop, "worker1")
	for name, test := range map[string]struct {
		tree  revision.Tree
		sizes map[string]int64
		want  string
	}{
		"a file that is too large": {
			tree: revision.Tree{"dump.sql": {}, "main.c": {}}, sizes: map[string]int64{"dump.sql": 2 << 30, "main.c": 5},
			want: `files: 2147483648 bytes in all, of which "dump.sql" has 2147483648; a release may be made of at most 1073741824 (1 GiB)`,
		},
		"a file of more than a release's other parts may have": {
			tree: revision.Tree{"jdk.tar": {}}, sizes: map[string]int64{"jdk.tar": 100 << 20},
		},
		"a pointer of Git LFS": {
			tree: revision.Tree{"logo": text("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 5\n")},
		},
		"too many files": {tree: many(maxAsIs), want: "files: 200002 in revision 3f2c1a9b8d70; at most 200000 are read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.tree[settings.FileName], test.tree["config/a"] = text(file), text("a")
			o, repository := preparing(t, file, test.tree)
			repository.sizes = test.sizes
			err := o.Prepare(t.Context(), Wanted{Revision: "tip", Environment: "staging", Services: []string{"worker"}},
				func(*release.Release) error { return nil })
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, test.want)
			}
		})
	}
}

func many(count int) revision.Tree {
	tree := revision.Tree{}
	for i := range count {
		tree[fmt.Sprint("many/", i)] = revision.File{}
	}
	return tree
}
