package endtoend

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// forgetful is a registry that nodes don't find an image in, the first time after forget.
type forgetful struct {
	host    string
	forgets atomic.Bool
	forgot  atomic.Int32 // how often
}

func newForgetful(t *testing.T) *forgetful {
	t.Helper()
	f := &forgetful{}
	steady := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isPull := strings.HasPrefix(r.UserAgent(), "containerd") && strings.Contains(r.URL.Path, "/manifests/") && r.Method == http.MethodHead
		if isPull && f.forgets.CompareAndSwap(true, false) {
			f.forgot.Add(1)
			http.Error(w, `{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}`, http.StatusNotFound)
			return
		}
		steady.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	f.host = strings.Replace(s.URL, "http://127.0.0.1", "localhost", 1)
	return f
}

// What a registry has once shown to a deploy is no wrong name: whoever waits for it, a
// node that doesn't find it gets the time to.
func TestAnImageThatWasProvenMayBeMissedOnce(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	f := newForgetful(t)
	c.edit("skycap.yaml", shared.registry, f.host)
	c.edit(webDeployment, "image: ", "imagePullPolicy: Always\n          image: ")
	revise := func(text string) string {
		node := c.reviseText(text)
		push(t, labelled(t, pull(t, image(node)), "e2e", text+c.staging), strings.Replace(image(node), shared.registry, f.host, 1))
		return node
	}
	passes := func(args ...string) {
		t.Helper()
		before := f.forgot.Load()
		f.forgets.Store(true)
		o := c.skycap(append(args, "staging", "--timeout=60s", "-o", "json")...)
		require.Zero(t, o.code, "%q: %s", args, o.stderr)
		assert.Equal(t, before+1, f.forgot.Load(), "%q", args)
	}
	first := revise("First")
	c.deploy(first, "staging")
	f.forgets.Store(true)
	c.ok("deploy", revise("Second"), "staging", "--no-wait")
	o := c.skycap("attach", "staging", "--timeout=60s")
	require.Zero(t, o.code, o.stderr)
	assert.Equal(t, int32(1), f.forgot.Load())
	untag(t, strings.Replace(image(first), shared.registry, f.host, 1))
	passes("rollback")
	passes("restart")
}
