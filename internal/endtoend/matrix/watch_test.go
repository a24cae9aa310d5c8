package matrix

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/kubectl"
)

// follower is a watch of the ConfigMaps of a cell.
type follower struct {
	t       *testing.T
	changes chan kubectl.Change
}

// follow watches until the test ends.
func (c *cell) follow(t *testing.T, proxy *kubectl.Proxy, query url.Values) *follower {
	t.Helper()
	f := &follower{t: t, changes: make(chan kubectl.Change, 100)}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- proxy.Follow(ctx, c.path("configmaps"), query, func(change kubectl.Change) { f.changes <- change })
	}()
	t.Cleanup(func() {
		stop()
		assert.ErrorIs(t, <-ended, context.Canceled)
	})
	return f
}

// next is the next change: what happened, and to which ConfigMaps.
func (f *follower) next() (kind kubectl.ChangeKind, names []string) {
	f.t.Helper()
	select {
	case change := <-f.changes:
		for _, raw := range change.Objects {
			var object metav1.PartialObjectMetadata
			require.NoError(f.t, json.Unmarshal(raw, &object))
			names = append(names, object.Name)
		}
		return change.Kind, names
	case <-time.After(patience):
		f.t.Fatalf("nothing was heard of for %s", patience)
		return "", nil
	}
}

func (f *follower) hears(kind kubectl.ChangeKind, names ...string) {
	f.t.Helper()
	gotKind, gotNames := f.next()
	assert.Equal(f.t, kind, gotKind)
	assert.Equal(f.t, names, gotNames)
}

// watched selects what a test of watches makes.
func watched() url.Values { return url.Values{"fieldSelector": {"metadata.name=watched"}} }

func watches(t *testing.T, c *cell) {
	proxy := c.proxy(t, c.client(admin))
	f := c.follow(t, proxy, watched())
	f.hears(kubectl.Listed)
	for range 2 {
		applied, err := proxy.Apply(t.Context(), mapOf(t, "watched", "1"), kubectl.ApplyOptions{})
		require.NoError(t, err)
		f.hears(kubectl.Set, "watched")
		_, err = proxy.Apply(t.Context(), mapOf(t, "watched", "2"), kubectl.ApplyOptions{})
		require.NoError(t, err)
		f.hears(kubectl.Set, "watched")
		require.NoError(t, proxy.Remove(t.Context(), applied))
		f.hears(kubectl.Deleted, "watched")
	}
}

// watchOutlivesItsVersion watches from a version that is from before the server's
// start: it is answered that it is gone, and what there is is listed anew.
func watchOutlivesItsVersion(t *testing.T, c *cell) {
	query := watched()
	query.Set("resourceVersion", "1")
	f := c.follow(t, c.proxy(t, c.client(admin)), query)
	f.hears(kubectl.Listed)
	f.hears(kubectl.Listed)
}

func watchOutlivesItsConnection(t *testing.T, c *cell) {
	f := c.follow(t, c.proxy(t, c.client(admin)), watched())
	f.hears(kubectl.Listed)
	c.server.make(t, c.path("configmaps"), `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "watched"}}`)
	f.hears(kubectl.Set, "watched") // so it watches
	c.wire.cut()
	require.NoError(t, c.server.ask(t.Context(), http.MethodDelete, c.path("configmaps/watched"), nil))
	c.wire.mend(t)
	f.hears(kubectl.Listed)
}

// triesAgain cuts the way to the server, and mends it when skycap says that it tries again.
func triesAgain(t *testing.T, c *cell) {
	defer c.wire.mend(t)
	client := c.client(admin)
	client.Warn = func(string) { c.wire.mend(t) }
	proxy := c.proxy(t, client)
	c.wire.cut()
	err := proxy.Create(t.Context(), c.path("configmaps"), nil, mapOf(t, "again", "1"), nil)
	failure := failureOf(t, err)
	assert.Equal(t, kubectl.Unreachable, failure.Reason, failure.Text)
	assert.True(t, failure.MayPass(), failure.Text)
	_, err = proxy.Apply(t.Context(), mapOf(t, "again", "1"), kubectl.ApplyOptions{})
	require.NoError(t, err)
	c.wire.cut()
	require.NoError(t, client.Probe(t.Context()))
}
