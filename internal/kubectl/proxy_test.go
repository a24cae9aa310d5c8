package kubectl

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/noise"
	"github.com/skycap/skycap/internal/run"
)

// proxyTo is a proxy whose other end is a handler.
func proxyTo(t *testing.T, handler http.HandlerFunc) *Proxy {
	t.Helper()
	folder, err := os.MkdirTemp("", "proxy-") // t.TempDir can be longer than a socket's path may be
	require.NoError(t, err)
	socket := filepath.Join(folder, "socket")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	require.NoError(t, err)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}} //nolint:gosec // a test's
	server.Start()
	proxy := &Proxy{kubectl: Client{Context: "c", Namespace: "n"}, client: overSocket(socket)}
	t.Cleanup(func() {
		proxy.client.CloseIdleConnections()
		server.Close()
		_ = os.RemoveAll(folder)
	})
	return proxy
}

func answer(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	type sent struct{ Method, Host, URI, Accept, Content, Body string }
	for name, test := range map[string]struct {
		send func(context.Context, *Proxy) error
		want sent
	}{
		"get": {
			func(ctx context.Context, p *Proxy) error {
				var into struct{ Items []any }
				return p.Get(ctx, "/api/v1/namespaces/n/pods", url.Values{"labelSelector": {"a=b,c=d"}}, &into)
			},
			sent{"GET", "localhost", "/api/v1/namespaces/n/pods?labelSelector=a%3Db%2Cc%3Dd", "", "", ""},
		},
		"metadata": {
			func(ctx context.Context, p *Proxy) error {
				items, err := p.Metadata(ctx, "/api/v1/namespaces/n/secrets", nil)
				if err == nil {
					assert.Equal(t, "x", items[0].Name)
				}
				return err
			},
			sent{"GET", "localhost", "/api/v1/namespaces/n/secrets", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "", ""},
		},
		"create": {
			func(ctx context.Context, p *Proxy) error {
				return p.Create(ctx, "/api/v1/namespaces/n/secrets", url.Values{"dryRun": {"All"}}, map[string]any{"kind": "Secret"}, nil)
			},
			sent{"POST", "localhost", "/api/v1/namespaces/n/secrets?dryRun=All", "", "application/json", `{"kind":"Secret"}`},
		},
		"update": {
			func(ctx context.Context, p *Proxy) error {
				return p.Update(ctx, "/api/v1/namespaces/n/leases/x", map[string]any{"kind": "Lease"}, nil)
			},
			sent{"PUT", "localhost", "/api/v1/namespaces/n/leases/x?fieldManager=skycap", "", "application/json", `{"kind":"Lease"}`},
		},
		"delete": {
			func(ctx context.Context, p *Proxy) error {
				return p.Delete(ctx, "/api/v1/namespaces/n/secrets/x", *metav1.NewUIDPreconditions("u-1"))
			},
			sent{"DELETE", "localhost", "/api/v1/namespaces/n/secrets/x", "", "application/json",
				`{"preconditions":{"uid":"u-1"},"propagationPolicy":"Background"}`},
		},
		"stream": {
			func(ctx context.Context, p *Proxy) error {
				log, err := p.Stream(ctx, "/api/v1/namespaces/n/pods/x/log", url.Values{"follow": {"true"}})
				if err == nil {
					err = log.Close()
				}
				return err
			},
			sent{"GET", "localhost", "/api/v1/namespaces/n/pods/x/log?follow=true", "", "", ""},
		},
		"merge": {
			func(ctx context.Context, p *Proxy) error {
				return p.Merge(ctx, "/api/v1/namespaces/n/secrets/x", FieldManager, map[string]any{"data": nil})
			},
			sent{"PATCH", "localhost", "/api/v1/namespaces/n/secrets/x?fieldManager=skycap", "", "application/merge-patch+json", `{"data":null}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got sent
			proxy := proxyTo(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = sent{r.Method, r.Host, r.RequestURI, r.Header.Get("Accept"), r.Header.Get("Content-Type"), string(body)}
				answer(http.StatusOK, `{"items": [{"metadata": {"name": "x"}}]}`)(w, r)
			})
			require.NoError(t, test.send(t.Context(), proxy))
			assert.Equal(t, test.want, got)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	status := func(reason, message, kind string) string {
		text, err := json.Marshal(map[string]any{"kind": "Status", "reason": reason, "message": message, "details": map[string]any{"kind": kind}})
		require.NoError(t, err)
		return string(text)
	}
	for name, test := range map[string]struct {
		code   int
		body   string
		reason Reason
		text   string
	}{
		"unauthorized":       {401, status("Unauthorized", "Unauthorized", ""), Unauthorized, "Unauthorized"},
		"forbidden":          {403, status("Forbidden", `secrets is forbidden: User "ci" cannot list`, "secrets"), Forbidden, `secrets is forbidden: User "ci"`},
		"anonymous":          {403, status("Forbidden", `secrets is forbidden: User "system:anonymous" cannot list`, "secrets"), Unauthorized, "anonymous"},
		"quota":              {403, status("Forbidden", `pods "web" is forbidden: exceeded quota: compute`, "pods"), Quota, "exceeded quota"},
		"admission":          {403, status("Forbidden", `pods "web" is forbidden: maximum cpu usage is 1`, "pods"), Denied, "maximum cpu"},
		"ending namespace":   {403, status("Forbidden", `secrets "x" is forbidden: unable to create: it is not possible because it is being terminated`, "x"), Terminating, "terminated"},
		"exists":             {409, status("AlreadyExists", `secrets "x" already exists`, "secrets"), Exists, "already exists"},
		"another version":    {409, status("Conflict", "the object has been modified", "secrets"), Stale, "modified"},
		"others' fields":     {409, status("Conflict", `Apply failed with 1 conflict: conflict with "helm": .spec.replicas`, "x"), Conflict, "helm"},
		"no namespace":       {404, status("NotFound", `namespaces "n" not found`, "namespaces"), NoNamespace, `namespaces "n" not found`},
		"no object":          {404, status("NotFound", `secrets "x" not found`, "secrets"), NotFound, `secrets "x" not found`},
		"no such path":       {404, "404 page not found\n", NotFound, "404 page not found"},
		"invalid":            {422, status("Invalid", "data: Too long", "secrets"), Invalid, "data: Too long"},
		"wrong type":         {500, status("", "failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.replicas: expected numeric", ""), Invalid, "expected numeric"},
		"bad request":        {400, status("BadRequest", "unable to decode", ""), Invalid, "unable to decode"},
		"gone":               {410, status("Expired", "too old resource version", ""), Other, "too old"},
		"throttled":          {429, status("TooManyRequests", "too many requests", ""), Throttled, "too many requests"},
		"a proxy's page":     {502, "<html>Bad Gateway</html>", Unreachable, "<html>Bad Gateway</html>"},
		"a connection cut":   {502, "EOF", Unreachable, "EOF"},
		"unavailable":        {503, status("ServiceUnavailable", "etcd is down", ""), Unavailable, "etcd is down"},
		"new leader":         {500, status("InternalError", "Internal error occurred: etcdserver: leader changed", ""), Unavailable, "leader"},
		"webhook":            {500, status("InternalError", `Internal error occurred: failed calling webhook "x": connection refused`, ""), Webhook, "webhook"},
		"time-out":           {504, status("Timeout", "request did not complete", ""), Timeout, "complete"},
		"of kubectl itself":  {500, "Error while proxying request: getting credentials: exec: executable aws failed with exit code 255", Unauthorized, "aws"},
		"certificate":        {502, "tls: failed to verify certificate: x509: certificate signed by unknown authority", Certificate, "unknown authority"},
		"nothing was said":   {500, "", Unreachable, "HTTP status 500"},
		"refused by kubectl": {403, "Forbidden", Forbidden, "Forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := proxyTo(t, answer(test.code, test.body)).Create(t.Context(), "/api/v1/x", nil, nil, nil)
			var failure *Error
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, test.reason, failure.Reason)
			assert.Contains(t, failure.Text, test.text)
			assert.Equal(t, []string{"POST /api/v1/x", "c", "n"}, []string{failure.Command, failure.Context, failure.Namespace})
		})
	}
}

func TestRequestsThatFail(t *testing.T) {
	t.Parallel()
	gone := &Proxy{client: overSocket(filepath.Join(t.TempDir(), "none"))}
	var failure *Error
	require.ErrorAs(t, gone.Get(t.Context(), "/api", nil, new(any)), &failure)
	assert.Equal(t, Unreachable, failure.Reason)

	require.Error(t, proxyTo(t, answer(http.StatusOK, "no JSON")).Get(t.Context(), "/api", nil, new(any)))
	require.Error(t, gone.Create(t.Context(), "/api", nil, func() {}, nil), "what can't be encoded is not sent")

	canceled, cancel := context.WithCancel(t.Context())
	hanging := proxyTo(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	require.ErrorIs(t, hanging.Get(canceled, "/api", nil, new(any)), context.Canceled)
	require.ErrorIs(t, hanging.Merge(canceled, "/api", FieldManager, nil), context.Canceled)
}

// kubectlOnPath puts this program on PATH under the name of kubectl, and makes
// the folder of temporary files one that the test can look into.
func kubectlOnPath(t *testing.T) (temporary string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "k-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	self, err := os.Executable()
	require.NoError(t, err)
	bin := filepath.Join(folder, "bin")
	temporary = filepath.Join(folder, "tmp")
	require.NoError(t, os.Mkdir(bin, 0o700))
	require.NoError(t, os.Mkdir(temporary, 0o700))
	require.NoError(t, os.Symlink(self, filepath.Join(bin, "kubectl")))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("TMPDIR", temporary)
	return temporary
}

func entries(t *testing.T, folder string) []os.DirEntry {
	t.Helper()
	found, err := os.ReadDir(folder)
	require.NoError(t, err)
	return found
}

func TestProxyThroughKubectl(t *testing.T) {
	temporary := kubectlOnPath(t)
	ctx, cancel := context.WithCancel(t.Context())
	proxy, err := Client{Runner: run.Local{}, Context: "staging", Namespace: "storefront"}.Proxy(ctx)
	require.NoError(t, err)

	private := entries(t, temporary)
	require.Len(t, private, 1)
	about, err := private[0].Info()
	require.NoError(t, err)
	assert.Equal(t, os.ModeDir|0o700, about.Mode(), "nobody else may read through it")

	cancel() // what is still to be written down goes through it
	var said struct{ Host, Args, Kuberc string }
	require.NoError(t, proxy.Get(t.Context(), "/api", nil, &said))
	assert.Equal(t, "localhost", said.Host)
	assert.Equal(t, "off", said.Kuberc)
	assert.Contains(t, said.Args, "--context=staging --namespace=storefront proxy --append-server-path --unix-socket=")

	require.NoError(t, proxy.Close())
	assert.Empty(t, entries(t, temporary))
	var failure *Error
	require.ErrorAs(t, proxy.Get(t.Context(), "/api", nil, &said), &failure)
	assert.Equal(t, Unreachable, failure.Reason)
	require.NoError(t, proxy.Close(), "twice is fine")
}

// A credential plugin chatters when the proxy needs it, and the proxy goes on for long: an
// answer proves that the chatter meant nothing. It may be heard only after the answer.
func TestNoiseOfTheProxyIsForgottenOnceItAnswers(t *testing.T) {
	kubectlOnPath(t)
	log := &noise.Log{}
	proxy, err := Client{Runner: run.Local{}, Context: "chatters", Namespace: "n", Noise: log}.Proxy(t.Context())
	require.NoError(t, err)
	assert.Zero(t, log.Hidden())
	var said struct{ Host, Args, Kuberc string }
	for range 1000 {
		require.NoError(t, proxy.Get(t.Context(), "/api", nil, &said))
		if log.Hidden() > 0 {
			break
		}
	}
	assert.Positive(t, log.Hidden())
	require.NoError(t, proxy.Close())
}

func TestProxyThatDiesSaysWhy(t *testing.T) {
	kubectlOnPath(t)
	proxy, err := Client{Runner: run.Local{}, Context: "dies", Namespace: "n"}.Proxy(t.Context())
	require.NoError(t, err)
	var failure *Error
	require.ErrorAs(t, proxy.Get(t.Context(), "/api", nil, nil), &failure)
	assert.Equal(t, Unauthorized, failure.Reason)
	assert.Contains(t, failure.Text, "the helper has crashed")
	require.NoError(t, proxy.Close())
}

// Gateways such as Rancher's have the API below a path of their own.
func TestProxyKeepsThePathOfTheServer(t *testing.T) {
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Skip("needs a real kubectl")
	}
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"path": r.URL.Path})
	}))
	defer gateway.Close()
	file := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(file, []byte("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: '"+gateway.URL+
		"/k8s/clusters/c-1'}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {token: t}}]\n"), 0o600))
	t.Setenv("KUBECONFIG", file)
	log := &noise.Log{}
	proxy, err := Client{Runner: run.Local{}, Context: "c", Namespace: "n", Noise: log}.Proxy(t.Context())
	require.NoError(t, err)
	var said struct{ Path string }
	require.NoError(t, proxy.Get(t.Context(), "/api/v1/namespaces/n/pods", nil, &said))
	assert.Equal(t, "/k8s/clusters/c-1/api/v1/namespaces/n/pods", said.Path)
	require.NoError(t, proxy.Close())
}

func TestProxyThatDoesNotStart(t *testing.T) {
	temporary := kubectlOnPath(t)
	start := func(ctx context.Context, context string) error {
		proxy, err := Client{Runner: run.Local{}, Context: context, Namespace: "n"}.Proxy(ctx)
		require.Nil(t, proxy)
		assert.Empty(t, entries(t, temporary), "the folder is gone again")
		return err
	}
	var failure *Error
	require.ErrorAs(t, start(t.Context(), "gone"), &failure)
	assert.Equal(t, NoContext, failure.Reason)
	assert.Equal(t, `context "gone" does not exist`, failure.Text)

	require.ErrorAs(t, start(t.Context(), "silent"), &failure, "it ended well, and never listened")
	assert.Contains(t, failure.Error(), "proxy --append-server-path --unix-socket=")

	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, start(canceled, "stuck"), context.Canceled)

	t.Setenv("PATH", temporary)
	var missing *run.NotFoundError
	require.ErrorAs(t, start(t.Context(), "staging"), &missing)
}
