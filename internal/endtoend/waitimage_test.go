package endtoend

import (
	"os"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

func TestDeployWaitsForTheImage(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.withoutBuilds()
	node := c.commit(greeting, "Hello from "+c.staging+", late.\n")

	r := c.start("deploy", node, "staging", "--wait-image=60s", "--timeout=60s", "-o", "json")
	r.until(func(event skycap.Event) bool { return strings.Contains(event.Message, image(node)) })
	assert.Empty(t, contents(t, c.staging))
	push(t, pull(t, image(c.node("v1.0"))), image(node))
	o := r.end()
	assert.Zero(t, o.code, o.stderr)
	assert.Equal(t, skycap.ResultOK, c.result(o).Word)
	assert.Contains(t, c.answer(c.staging), "Hello from "+c.staging+", late.")
}

func TestAnImageThatDoesNotComeInTime(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.withoutBuilds()
	node := c.commit(greeting, "Hello from "+c.staging+", never.\n")
	c.fails(1, []string{"deploy", node, "staging", "--wait-image=3s"},
		[]string{"an image is not there yet, and looked for until ", `image "` + image(node) + `" was not found, after 3s of waiting`},
		[]string{`look at the CI job that pushes tag "` + node[:12] + `"; to wait longer: skycap deploy ` + node + ` staging --wait-image 6s`})
	assert.Empty(t, contents(t, c.staging))
}

func TestCtrlCEndsTheWaitForAnImage(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.withoutBuilds()
	node := c.commit(greeting, "Hello from "+c.staging+", stopped.\n")
	r := c.start("deploy", node, "staging", "--wait-image=10m", "-o", "json")
	r.until(func(event skycap.Event) bool { return event.Phase == "wait-image" })
	began := time.Now()
	o := r.interrupt(os.Interrupt)
	assert.Equal(t, 130, o.code)
	assert.Less(t, time.Since(began), patience)
	assert.Empty(t, contents(t, c.staging))
}

// foreign is an image that says it is for another architecture than the lab's.
func foreign(t *testing.T, from v1.Image) v1.Image {
	t.Helper()
	file, err := from.ConfigFile()
	require.NoError(t, err)
	file = file.DeepCopy()
	file.Architecture = "s390x"
	made, err := mutate.ConfigFile(from, file)
	require.NoError(t, err)
	return made
}

func TestAnImageForOtherNodesIsRefused(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.withoutBuilds()
	node := c.commit(greeting, "Hello from "+c.staging+", elsewhere.\n")
	push(t, foreign(t, labelled(t, pull(t, image(c.node("v1.0"))), "org.opencontainers.image.revision", node)), image(node))
	says := []string{`image "` + image(node) + `" of service "web" is built for linux/s390x, and the nodes that Deployment "web" may go to are linux/`}
	hints := []string{"build it for linux/", "nodeSelector: {kubernetes.io/os: linux, kubernetes.io/arch: s390x}"}
	c.fails(1, []string{"plan", node, "staging"}, says, hints)
	c.fails(1, []string{"deploy", node, "staging"}, says, hints)
	assert.Empty(t, contents(t, c.staging))
}

// Who has a namespace alone may not look at nodes, and deploys all the same.
func TestADeployThatMayNotLookAtNodes(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	user := kubectl(t, "--context=skycap-lab-restricted", "auth", "whoami", "--output=jsonpath={.status.userInfo.username}")
	kubectl(t, "--namespace="+c.staging, "create", "rolebinding", "e2e", "--clusterrole=admin", "--user="+user)
	c.edit("skycap.yaml", "context: skycap-lab,", "context: skycap-lab-restricted,")
	o := c.skycap("plan", "v1.0", "staging", "--verbose")
	assert.Zero(t, o.code, o.stderr)
	assert.Contains(t, o.stderr, "images' platforms are not compared with the nodes': ")
	c.deploy("v1.0", "staging")
}
