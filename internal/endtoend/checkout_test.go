package endtoend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkout is an operator's clone of the example, whose skycap.yaml leads to
// namespaces of its own. That edit is never committed: where to run comes from disk.
type checkout struct {
	t                   *testing.T
	folder              string
	staging, production string // namespaces
	temporary           string // skycap's TMPDIR
	env                 []string
	said                *transcript // by all runs of skycap
}

// newCheckout clones the lab's repository. Each commit to the clone builds its image.
func newCheckout(t *testing.T) *checkout {
	t.Helper()
	needLab(t)
	c := emptyCheckout(t)
	c.hg("clone", "--quiet", shared.repository, ".")
	hook, err := os.ReadFile(filepath.Join(shared.repository, ".hg", "hgrc"))
	require.NoError(t, err)
	c.write(".hg/hgrc", string(hook))
	c.place()
	return c
}

// emptyCheckout is a folder with nothing in it yet.
func emptyCheckout(t *testing.T) *checkout { t.Helper(); return checkoutFor(t, newNamespace(t)) }

// checkoutFor is an empty folder of somebody who deploys to a namespace.
func checkoutFor(t *testing.T, namespace string) *checkout {
	t.Helper()
	c := &checkout{t: t, folder: t.TempDir(), temporary: shortFolder(t), staging: namespace, production: "no-such-namespace", said: &transcript{}}
	c.env = []string{
		"HGRCPATH=", "HGPLAIN=1", "HGENCODING=utf-8", "HGUSER=Ann Archer <ann@example.com>", "TMPDIR=" + c.temporary,
		"SKYCAP_OUTPUT=", "NO_COLOR=1", "XDG_CONFIG_HOME=" + c.temporary,
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com",
		"GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com",
	}
	t.Cleanup(c.assertNothingLeft)
	t.Cleanup(c.assertSilent)
	return c
}

// shortFolder is for sockets, whose path may not be as long as a test's name.
func shortFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "e2e-")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(folder)) })
	return folder
}

// workerHosts are the example's hosts in staging, which all tests would share.
const workerHosts = `    hosts:
      # The first batch is the canary.
      worker: {addresses: [worker1, worker2, worker3], batch: [1, 100%]}
`

// place leads the environments to the test's namespaces, on disk only. Without hosts
// no environment has the worker: web alone is deployed.
func (c *checkout) place() {
	c.t.Helper()
	c.edit("skycap.yaml", workerHosts, "")
	c.edit("skycap.yaml", "namespace: storefront-staging", "namespace: "+c.staging)
	c.edit("skycap.yaml", "namespace: storefront-production", "namespace: "+c.production)
}

func (c *checkout) hg(args ...string) string {
	c.t.Helper()
	return command(c.t, c.folder, c.env, "hg", args...)
}

// node is the full hash of a revision.
func (c *checkout) node(revision string) string {
	c.t.Helper()
	return c.hg("log", "--rev="+revision, "--template={node}")
}

func (c *checkout) read(name string) string {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(c.folder, name))
	require.NoError(c.t, err)
	return string(content)
}

func (c *checkout) write(name, content string) { c.t.Helper(); write(c.t, c.folder, name, content) }

// edit replaces a text that the file must have.
func (c *checkout) edit(name, from, to string) {
	c.t.Helper()
	content := c.read(name)
	require.Contains(c.t, content, from, name)
	c.write(name, strings.ReplaceAll(content, from, to))
}

// commit commits one file as it should be, builds the image, and returns the hash.
func (c *checkout) commit(name, content string) string {
	c.t.Helper()
	c.write(name, content)
	return c.commitFiles(name)
}

// commitEdit commits the replacement of a text in one file.
func (c *checkout) commitEdit(name, from, to string) string {
	c.t.Helper()
	c.edit(name, from, to)
	return c.commitFiles(name)
}

func (c *checkout) commitFiles(names ...string) string {
	c.t.Helper()
	c.hg(append([]string{"commit", "--quiet", "--addremove", "--message=change " + strings.Join(names, ", ")}, names...)...)
	return c.node(".")
}

// commitSettings commits another skycap.yaml, whose places stay those on disk.
func (c *checkout) commitSettings(from, to string) string {
	c.t.Helper()
	onDisk := c.read("skycap.yaml")
	c.hg("revert", "--no-backup", "skycap.yaml")
	node := c.commitEdit("skycap.yaml", from, to)
	c.write("skycap.yaml", onDisk)
	return node
}

// withoutBuilds takes the hook away: commits have no image from now on.
func (c *checkout) withoutBuilds() { c.t.Helper(); c.write(".hg/hgrc", "") }

// image is the reference that the pipeline gives to a commit's image.
func image(node string) string { return shared.registry + "/storefront/web:" + node[:12] }

// answer calls the web service through the API server.
func (c *checkout) answer(namespace string) string {
	c.t.Helper()
	return kubectl(c.t, "--namespace="+namespace, "get", "--raw", "/api/v1/namespaces/"+namespace+"/services/web:80/proxy/")
}
