package matrix

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/version"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/run"
)

// patience is how long to wait for what must come by itself.
const patience = 20 * time.Second

// cell is one kubectl and one server, with a namespace of its own there.
type cell struct {
	server  *server
	program program
	version string // what the program says of itself for this server
	binary  string // skycap

	namespace  string
	home       string // whose user has set up kubectl for typing it
	kubeconfig string
	wire       *wire
}

// rights are what nobody may do in a cell's namespace: look at what it may not change.
const rights = `{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "look"}, "rules": [
	{"apiGroups": ["", "apps"], "resources": ["secrets", "deployments", "deployments/scale"], "verbs": ["get", "list"]}]}`

const rightsOfNobody = `{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "look"},
	"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "look"},
	"subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody"}]}`

func newCell(t *testing.T, s *server, p program, binary string) *cell {
	t.Helper()
	c := &cell{server: s, program: p, binary: binary, home: folder(t), wire: newWire(t, s.address)}
	c.namespace = "m-" + strings.ToLower(rand.Text()[:10])
	c.kubeconfig = kubeconfig(t, c.home, c.wire.address, s.certificate())
	write(t, c.home, ".kube/kuberc", hostileKuberc)
	s.make(t, "/api/v1/namespaces", fmt.Sprintf(`{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": %q,
		"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}`, c.namespace))
	s.make(t, c.path("serviceaccounts"), `{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}`)
	s.make(t, "/apis/rbac.authorization.k8s.io/v1/namespaces/"+c.namespace+"/roles", rights)
	s.make(t, "/apis/rbac.authorization.k8s.io/v1/namespaces/"+c.namespace+"/rolebindings", rightsOfNobody)
	// No controller counts what there is, so the status says it.
	quota := `{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": {"hard": {"count/leases.coordination.k8s.io": "0"}},
		"status": {"hard": {"count/leases.coordination.k8s.io": "0"}, "used": {"count/leases.coordination.k8s.io": "0"}}}`
	s.make(t, c.path("resourcequotas"), quota)
	require.NoError(t, s.ask(t.Context(), http.MethodPut, c.path("resourcequotas/few/status"), json.RawMessage(quota)))
	return c
}

// path is where objects of the core API are.
func (c *cell) path(resource string) string {
	return "/api/v1/namespaces/" + c.namespace + "/" + resource
}

// client is skycap's, for one of the users.
func (c *cell) client(user string) kubectl.Client {
	return kubectl.Client{Runner: run.Func(c.start), Context: user, Namespace: c.namespace}
}

// start starts the cell's kubectl where skycap starts the one on PATH.
func (c *cell) start(ctx context.Context, command run.Command) error {
	command.Name = c.program.path
	command.Env = append(command.Env, "HOME="+c.home, "KUBECONFIG="+c.kubeconfig)
	return run.Local{}.Run(ctx, command)
}

func (c *cell) proxy(t *testing.T, client kubectl.Client) *kubectl.Proxy {
	t.Helper()
	proxy, err := client.Proxy(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, proxy.Close()) })
	return proxy
}

func (c *cell) serverVersion(t *testing.T) string {
	t.Helper()
	var info version.Info
	require.NoError(t, c.proxy(t, c.client(admin)).Get(t.Context(), "/version", nil, &info))
	require.Equal(t, c.server.version, info.GitVersion)
	return info.GitVersion
}

// typed is what a kubectl gave that somebody typed, with nothing set up for that.
type typed struct {
	code           int
	stdout, stderr string
}

// kubectl runs the program as a user would type it, in an environment without all that
// is set up to mislead it. Variables may be added.
func (c *cell) kubectl(t *testing.T, stdin string, env []string, args ...string) typed {
	t.Helper()
	command := exec.CommandContext(t.Context(), c.program.path, args...)
	command.Env = append(peaceful(), "HOME="+folder(t), "KUBECONFIG="+c.kubeconfig)
	command.Env = append(command.Env, env...)
	return finish(t, command, stdin)
}

// here pins a kubectl that is typed to a user and to the cell's namespace.
func (c *cell) here(user string, args ...string) []string {
	return append([]string{"--context=" + user, "--namespace=" + c.namespace}, args...)
}

// skycap runs skycap with the cell's kubectl on PATH.
func (c *cell) skycap(t *testing.T, args ...string) typed {
	t.Helper()
	project := write(t, folder(t), "skycap.yaml", fmt.Sprintf("app: matrix\nservices: {web: {kubernetes: {manifests: web}}}\n"+
		"environments: {here: {kubernetes: {context: %s, namespace: %s}}}\n", admin, c.namespace))
	bin := folder(t)
	require.NoError(t, os.Symlink(c.program.path, filepath.Join(bin, "kubectl")))
	command := exec.CommandContext(t.Context(), c.binary, append([]string{"--config=" + project}, args...)...)
	command.Env = append(os.Environ(), "HOME="+c.home, "KUBECONFIG="+c.kubeconfig, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return finish(t, command, "")
}

func finish(t *testing.T, command *exec.Cmd, stdin string) typed {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return typed{code: command.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

// objectOf reads an object from YAML or JSON.
func objectOf(t *testing.T, format string, values ...any) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	require.NoError(t, json.Unmarshal(fmt.Appendf(nil, format, values...), &object.Object))
	return object
}

// mapOf is a ConfigMap with one value.
func mapOf(t *testing.T, name, value string) *unstructured.Unstructured {
	t.Helper()
	return objectOf(t, `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": %q, "labels": {"of": "matrix"}}, "data": {"value": %q}}`, name, value)
}

// failureOf is skycap's own error.
func failureOf(t *testing.T, err error) *kubectl.Error {
	t.Helper()
	var failure *kubectl.Error
	require.ErrorAs(t, err, &failure)
	return failure
}

// text reads a stream to its end.
func text(t *testing.T, stream io.ReadCloser) string {
	t.Helper()
	defer stream.Close() //nolint:errcheck // it is only read
	content, err := io.ReadAll(stream)
	require.NoError(t, err)
	return string(content)
}
