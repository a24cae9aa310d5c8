package matrix

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/kubectl"
)

// belowAPath is where a gateway has a server.
const belowAPath = "/clusters/one"

// throughGateway is the cell with its server below a path of a gateway, as Rancher has it.
func (c *cell) throughGateway(t *testing.T) *cell {
	t.Helper()
	reverse := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: c.server.address})
	reverse.Transport, reverse.FlushInterval = c.server.client.Transport, -1
	gateway := httptest.NewTLSServer(http.StripPrefix(belowAPath, reverse))
	t.Cleanup(gateway.Close)
	block := &pem.Block{Type: "CERTIFICATE", Bytes: gateway.Certificate().Raw}
	certificate := write(t, folder(t), "certificate", string(pem.EncodeToMemory(block)))
	there := *c
	there.kubeconfig = kubeconfig(t, folder(t), strings.TrimPrefix(gateway.URL, "https://")+belowAPath, certificate)
	return &there
}

func worksBelowAPath(t *testing.T, c *cell) {
	there := c.throughGateway(t)
	require.NoError(t, there.client(admin).Probe(t.Context()))
	proxy := there.proxy(t, there.client(admin))
	f := there.follow(t, proxy, url.Values{"fieldSelector": {"metadata.name=below"}})
	f.hears(kubectl.Listed)
	applied, err := proxy.Apply(t.Context(), mapOf(t, "below", "1"), kubectl.ApplyOptions{})
	require.NoError(t, err)
	f.hears(kubectl.Set, "below")
	found, err := proxy.Objects(t.Context(), []*unstructured.Unstructured{applied})
	require.NoError(t, err)
	assert.Len(t, found, 1)
}
