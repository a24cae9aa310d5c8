package matrix

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// serverLife bounds how long a server may run.
const serverLife = time.Hour

// The users of a server, which are its kubeconfig's contexts too.
const (
	admin    = "admin"    // may do anything
	nobody   = "nobody"   // may do nothing
	stranger = "stranger" // has a token that the server doesn't know
)

// server is an API server with an etcd of its own, and nothing else.
type server struct {
	version string
	folder  string
	address string // host and port
	client  *http.Client
}

// startServer starts an API server of a version, which ends with the test.
func startServer(t *testing.T, built, version string) *server {
	t.Helper()
	s := &server{version: version, folder: folder(t), address: freeAddress(t), client: &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // its certificate isn't made yet
	}}
	const nowhere = "http://127.0.0.1:1" // what a member of etcd tells others, of which there are none
	client := "unix://" + filepath.Join(s.folder, "etcd.sock")
	s.start(t, etcd(t, built),
		"--data-dir="+filepath.Join(s.folder, "etcd"), "--unsafe-no-fsync", "--log-level=warn", "--name=matrix", "--initial-cluster=matrix="+nowhere,
		"--listen-client-urls="+client, "--advertise-client-urls="+nowhere,
		"--listen-peer-urls=unix://"+filepath.Join(s.folder, "peer.sock"), "--initial-advertise-peer-urls="+nowhere)
	giveHistory(t, filepath.Join(s.folder, "etcd.sock"))

	key := write(t, s.folder, "key", newKey(t))
	tokens := write(t, s.folder, "tokens", fmt.Sprintf("%[1]s,%[1]s,1,system:masters\n%[2]s,%[2]s,2,\n", admin, nobody))
	_, port, err := net.SplitHostPort(s.address)
	require.NoError(t, err)
	s.start(t, filepath.Join(built, version, "kube-apiserver"),
		"--etcd-servers="+client, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port="+port, "--endpoint-reconciler-type=none",
		"--cert-dir="+filepath.Join(s.folder, "certificates"), "--token-auth-file="+tokens, "--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/16",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+key, "--service-account-signing-key-file="+key)
	require.Eventually(t, func() bool { return s.ask(t.Context(), http.MethodGet, "/readyz", nil) == nil }, 2*time.Minute, 100*time.Millisecond)
	return s
}

// giveHistory writes to etcd before there is an API server: its first versions are then
// from before its time, and watches from them are refused.
func giveHistory(t *testing.T, socket string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	for range 10 {
		require.Eventually(t, func() bool {
			answer, err := client.Post("http://etcd/v3/kv/put", "application/json", strings.NewReader(`{"key": "bWF0cml4", "value": "bWF0cml4"}`))
			if err != nil {
				return false
			}
			return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
		}, time.Minute, 100*time.Millisecond)
	}
}

// start starts a program that ends with the test.
func (s *server) start(t *testing.T, program string, args ...string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	var said bytes.Buffer // read once the program has ended
	go func() {
		defer close(ended)
		_ = run.Local{}.Run(ctx, run.Command{Name: program, Args: args, Stdout: &said, Stderr: &said, Timeout: serverLife})
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		if t.Failed() {
			t.Logf("the end of what %s said: %s", filepath.Base(program), said.Bytes()[max(0, said.Len()-2000):])
		}
	})
}

// ask is a request by the administrator, without any kubectl.
func (s *server) ask(ctx context.Context, method, path string, object any) error {
	body, err := json.Marshal(object)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, "https://"+s.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+admin)
	request.Header.Set("Content-Type", "application/json")
	answer, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // it is only read
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, said)
	}
	return err
}

// make makes an object.
func (s *server) make(t *testing.T, path, object string) {
	t.Helper()
	require.NoError(t, s.ask(t.Context(), http.MethodPost, path, json.RawMessage(object)))
}

// certificate is the file with the server's own.
func (s *server) certificate() string {
	return filepath.Join(s.folder, "certificates", "apiserver.crt")
}

// kubeconfig has a context for each user, who reaches a server by its address.
func kubeconfig(t *testing.T, folder, address, certificate string) string {
	t.Helper()
	var contexts, users string
	for _, name := range []string{admin, nobody, stranger} {
		contexts += fmt.Sprintf("- {name: %[1]s, context: {cluster: matrix, user: %[1]s}}\n", name)
		users += fmt.Sprintf("- {name: %[1]s, user: {token: %[1]s}}\n", name)
	}
	return write(t, folder, "kubeconfig", fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters:\n"+
		"- {name: matrix, cluster: {server: %q, certificate-authority: %q}}\ncontexts:\n%susers:\n%s",
		"https://"+address, certificate, contexts, users))
}

// downAPI is one whose server is away.
const downAPI = "zoo.example.com/v1"

// takeAPIDown registers an API whose server is away, for all that come after.
func (s *server) takeAPIDown(t *testing.T) {
	t.Helper()
	s.make(t, "/apis/apiregistration.k8s.io/v1/apiservices", `{"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
		"metadata": {"name": "v1.zoo.example.com"}, "spec": {"group": "zoo.example.com", "version": "v1", "groupPriorityMinimum": 100,
		"versionPriority": 100, "insecureSkipTLSVerify": true, "service": {"namespace": "default", "name": "away", "port": 443}}}`)
	require.Eventually(t, func() bool {
		return strings.Contains(s.discovered(t), "zoo.example.com")
	}, time.Minute, 100*time.Millisecond)
}

// discovered is what the server says of all its APIs at once, as kubectl asks for it
// from 1.27 on.
func (s *server) discovered(t *testing.T) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.address+"/apis", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+admin)
	request.Header.Set("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
	answer, err := s.client.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close() //nolint:errcheck // it is only read
	said, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(said)
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close() //nolint:errcheck // only its address is needed
	return listener.Addr().String()
}

// newKey is a private key, as PEM.
func newKey(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}
