package endtoend

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

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
