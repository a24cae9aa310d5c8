package endtoend

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skycap/skycap/pkg/skycap"
)

func TestGitRepositoryDeploysAlike(t *testing.T) {
	t.Parallel()
	needLab(t)
	c := emptyCheckout(t)
	tree := t.TempDir()
	c.hg("archive", "--repository="+shared.repository, "--rev=main", "--config=ui.archivemeta=false", tree)
	command(t, "", nil, "cp", "-r", tree+"/.", c.folder)
	c.write("config/staging/web/greeting.txt", "Hello from "+c.staging+", by Git.\n")
	git := func(args ...string) string { return command(t, c.folder, c.env, "git", args...) }
	git("init", "--quiet", "--initial-branch=main")
	git("add", "--all")
	git("commit", "--quiet", "--message=the example, in Git")
	git("tag", "v2.0")
	c.place()
	node := git("rev-parse", "HEAD")
	push(t, pull(t, image(c.hg("log", "--repository="+shared.repository, "--rev=main", "--template={node}"))), image(node))

	for _, spelling := range []string{node, node[:8], "v2.0", "main", "HEAD"} {
		resolved := decode[skycap.Resolution](c, c.ok("resolve", spelling, "-o", "json"))
		assert.Equal(t, node, resolved.Revision, spelling)
	}
	result := c.deploy("v2.0", "staging")
	assert.Equal(t, node, result.Revision)
	assert.Contains(t, c.answer(c.staging), "Hello from "+c.staging+", by Git.")
	assert.Equal(t, node, c.status("staging").Revision)
}
