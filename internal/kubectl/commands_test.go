package kubectl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/run"
)

// recorder is a run.Runner that remembers one command with what it was told, and prints.
type recorder struct {
	command        run.Command
	stdin          string
	hasStdin       bool
	stdout, stderr string
	err            func(run.Command) error
}

func (r *recorder) Run(_ context.Context, command run.Command) error {
	r.command = command
	if r.hasStdin = command.Stdin != nil; r.hasStdin {
		data, err := io.ReadAll(command.Stdin)
		if err != nil {
			return err
		}
		r.stdin = string(data)
	}
	for text, writer := range map[string]io.Writer{r.stdout: command.Stdout, r.stderr: command.Stderr} {
		if _, err := io.WriteString(writer, text); err != nil {
			return err
		}
	}
	if r.err != nil {
		return r.err(command)
	}
	return nil
}

func exits(code int) func(run.Command) error {
	return func(command run.Command) error { return &run.ExitError{Command: command, Code: code} }
}

func clientOf(runner run.Runner) Client {
	return Client{Runner: runner, Context: "prod east", Namespace: "storefront"}
}

func objects() []*unstructured.Unstructured {
	return []*unstructured.Unstructured{
		{Object: map[string]any{"kind": "ConfigMap", "metadata": map[string]any{"name": "a"}, "data": map[string]any{"k": "---\nkind: Secret"}}},
		{Object: map[string]any{"kind": "Service", "metadata": map[string]any{"name": "b"}}},
	}
}

// answered is what kubectl prints of objects.
const answered = `{"kind": "List", "apiVersion": "v1", "items": [
	{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}}, {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "b"}}]}`

const streamed = `---
{"data":{"k":"---\nkind: Secret"},"kind":"ConfigMap","metadata":{"name":"a"}}
---
{"kind":"Service","metadata":{"name":"b"}}
`

func TestCommands(t *testing.T) {
	t.Parallel()
	pinned := []string{"--context=prod east", "--namespace=storefront"}
	apply := []string{"apply", "--server-side", "--field-manager=skycap", "--filename=-"}
	for name, test := range map[string]struct {
		call    func(context.Context, Client) error
		args    []string
		stdin   string // empty: closed
		timeout time.Duration
	}{
		"try": {
			func(ctx context.Context, c Client) error {
				_, err := c.TryApply(ctx, objects(), ApplyOptions{})
				return err
			},
			append(apply[:len(apply):len(apply)], "--dry-run=server", "--output=json"), streamed, applyTimeout,
		},
		"try by force": {
			func(ctx context.Context, c Client) error {
				_, err := c.TryApply(ctx, objects(), ApplyOptions{Force: true})
				return err
			},
			append(apply[:len(apply):len(apply)], "--force-conflicts", "--dry-run=server", "--output=json"), streamed, applyTimeout,
		},
		"restart": {
			func(ctx context.Context, c Client) error {
				return c.Restart(ctx, []string{"deployment.apps/web", "-x"})
			},
			[]string{"rollout", "restart", "--", "deployment.apps/web", "-x"}, "", 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorded := &recorder{stdout: answered}
			require.NoError(t, test.call(t.Context(), clientOf(run.Func(recorded.Run))))
			got := recorded.command
			got.Stdin, got.Stdout, got.Stderr = nil, nil, nil
			assert.Equal(t, run.Command{
				Name: "kubectl", Args: append(pinned[:2:2], test.args...), Timeout: test.timeout,
				Env:     []string{"KUBERC=off", "KUBECTL_KUBERC=false", "KUBE_FEATURE_WatchListClient=false", "NO_COLOR=1"},
				Without: meddling(),
			}, got)
			assert.Equal(t, test.stdin, recorded.stdin)
			assert.Equal(t, test.stdin != "", recorded.hasStdin)
		})
	}
}

func TestContextsNeedsNeitherContextNorNamespace(t *testing.T) {
	t.Parallel()
	recorded := &recorder{stdout: "staging\nprod east-1\n"}
	contexts, err := Client{Runner: recorded}.Contexts(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"config", "get-contexts", "--output=name"}, recorded.command.Args)
	assert.Equal(t, "staging", contexts[0])
}

// printed are the objects in what a kubectl prints.
func printed(t *testing.T, stdout string) ([]*unstructured.Unstructured, error) {
	t.Helper()
	client := clientOf(&recorder{stdout: stdout})
	return client.objects(t.Context(), client.command("get"))
}

func TestObjectsThatKubectlPrints(t *testing.T) {
	t.Parallel()
	names := func(stdout string) []string {
		found, err := printed(t, stdout)
		require.NoError(t, err)
		var names []string
		for _, object := range found {
			names = append(names, object.GetKind()+"/"+object.GetName())
		}
		return names
	}
	assert.Empty(t, names(""), "none of them is there")
	assert.Empty(t, names("\n"))
	assert.Equal(t, []string{"Service/b"}, names(`{"kind": "Service", "apiVersion": "v1", "metadata": {"name": "b"}}`), "one is printed bare")
	assert.Equal(t, []string{"ConfigMap/a", "Service/b"}, names(`{"kind": "List", "apiVersion": "v1", "items": [
		{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}},
		{"kind": "Service", "apiVersion": "v1", "metadata": {"name": "b"}}]}`))
	assert.Empty(t, names(`{"kind": "List", "apiVersion": "v1", "items": []}`))

	_, err := printed(t, "Please enter Username:")
	require.ErrorContains(t, err, "kubectl '--context=prod east' --namespace=storefront get")
	require.ErrorContains(t, err, "is not JSON")
}

func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	found, err := printed(t, `{"kind": "X", "apiVersion": "v1", "spec": {"big": 9007199254740993, "half": 0.5}}`)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"big": int64(9007199254740993), "half": 0.5}, found[0].Object["spec"])
}

func TestErrorsOfTheRunnerStayTyped(t *testing.T) {
	t.Parallel()
	for _, want := range []error{context.Canceled, &run.NotFoundError{Name: "kubectl"}} {
		_, err := clientOf(&recorder{err: func(run.Command) error { return want }}).TryApply(t.Context(), nil, ApplyOptions{})
		require.ErrorIs(t, err, want)
	}
}

func TestSilentFailureNamesItsCommand(t *testing.T) {
	t.Parallel()
	err := clientOf(&recorder{err: exits(137)}).Restart(t.Context(), []string{"deployment.apps/web"})
	require.EqualError(t, err, `"kubectl '--context=prod east' --namespace=storefront rollout restart -- deployment.apps/web"`+
		" ended with exit status 137 and said nothing")
	assert.Equal(t, `"GET /x" failed and said nothing`, (&Error{Command: "GET /x"}).Error())
}

// Of a kubectl that hangs, klog is all there is to tell why.
func TestATimeoutTellsWhatKubectlSaid(t *testing.T) {
	t.Parallel()
	recorded := &recorder{
		stderr: `E1123 14:58:23.284514   22873 memcache.go:265] couldn't get current server API group list: Get "http://10.0.0.1/api": read: connection reset by peer` + "\n",
		err:    func(command run.Command) error { return &run.TimeoutError{Command: command, After: time.Minute} },
	}
	_, err := clientOf(recorded).call(t.Context(), clientOf(recorded).command("get"))
	require.ErrorContains(t, err, "did not end within 1m0s")
	require.ErrorContains(t, err, "connection reset by peer")
	var failure *Error
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, Unreachable, failure.Reason)
	var late *run.TimeoutError
	assert.False(t, errors.As(err, &late))
}

func TestExec(t *testing.T) {
	t.Parallel()
	var out, said bytes.Buffer
	for name, test := range map[string]struct {
		session Session
		want    []string
	}{
		"closed": {Session{}, nil},
		"read":   {Session{Stdin: strings.NewReader("text")}, []string{"--stdin"}},
		"typed":  {Session{Stdin: strings.NewReader("text"), Terminal: true}, []string{"--stdin", "--tty"}},
	} {
		runner := &recorder{stdout: "out\x00", stderr: "Warning: theirs\n", err: exits(7)}
		test.session.Pod, test.session.Container, test.session.Command = "web-1", "web", []string{"ls", "--all", "$HOME"}
		test.session.Stdout, test.session.Stderr = &out, &said
		status, err := clientOf(runner).Exec(t.Context(), test.session)
		require.NoError(t, err, name)
		assert.Equal(t, 7, status, name)
		want := append([]string{"--context=prod east", "--namespace=storefront", "exec", "--container=web"}, test.want...)
		assert.Equal(t, append(want, "web-1", "--", "ls", "--all", "$HOME"), runner.command.Args, name)
		assert.Equal(t, test.session.Stdin != nil, runner.command.Foreground, "%s: only who reads needs the terminal", name)
		assert.Equal(t, "out\x00", out.String())
		assert.Equal(t, "Warning: theirs\n", said.String(), "what the program says is nobody's to filter")
		out.Reset()
		said.Reset()
	}
	var missing *run.NotFoundError
	_, err := clientOf(run.Func(func(context.Context, run.Command) error { return &run.NotFoundError{Name: "kubectl"} })).Exec(t.Context(), Session{})
	require.ErrorAs(t, err, &missing)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	runner := &recorder{stdout: `{"clientVersion": {"gitVersion": "v1.36.0", "gizmo": {}}, "extra": 1}`}
	found, err := clientOf(runner).Version(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "v1.36.0", found)
	assert.Equal(t, []string{"--context=prod east", "--namespace=storefront", "version", "--output=json"}, runner.command.Args,
		"a dispatcher starts the kubectl that fits the server")

	runner.stderr, runner.err = "The connection to the server 10.0.0.1 was refused", exits(1)
	found, err = clientOf(runner).Version(t.Context())
	require.NoError(t, err, "the server has no part in it")
	assert.Equal(t, "v1.36.0", found)

	for _, stdout := range []string{"nonsense", "{}", ""} {
		_, err = clientOf(&recorder{stdout: stdout}).Version(t.Context())
		var failure *Error
		require.ErrorAs(t, err, &failure, stdout)
		assert.Equal(t, Skew, failure.Reason, stdout)
	}
}

func TestVersionIsRemembered(t *testing.T) {
	kubectlOnPath(t)
	client := clientOf(&recorder{stdout: `{"clientVersion": {"gitVersion": "v1.36.0"}}`})
	client.Cache = filepath.Join(t.TempDir(), "kubectl")
	for _, runner := range []run.Runner{client.Runner, &recorder{stdout: "nonsense"}} {
		client.Runner = runner
		found, err := client.KnownVersion(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "v1.36.0", found)
	}
	client.Context = "other" // where a dispatcher may start another one
	_, err := client.KnownVersion(t.Context())
	require.ErrorContains(t, err, "is not JSON")
}

func TestSkew(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"v1.35.4", "v1.35.0"}, {"v1.34.0", "v1.35.0"}, {"v1.36.0-alpha.1", "v1.35.4-gke.100"}, {"v1.35", "v1.36+"}, {"", "v1.35.0"}, {"v2.0.0", "v1.35.0"}} {
		assert.Empty(t, SkewOf(pair[0], pair[1]), pair)
	}
	for _, pair := range [][2]string{{"v1.33.4", "v1.35.0"}, {"v1.37.0", "v1.35.0"}, {"v1.32.4-dispatcher", "v1.35.4"}} {
		assert.Contains(t, SkewOf(pair[0], pair[1]), "kubectl "+pair[0]+" and the API server "+pair[1])
	}
}

func TestDryRunMustSpeakOfWhatItWasGiven(t *testing.T) {
	t.Parallel()
	for stdout, what := range map[string]string{
		"":              `lacks ConfigMap "a"`,
		"done":          "is not JSON",
		`{"kind": "X"}`: `lacks ConfigMap "a"`,
		`{"kind": "List", "apiVersion": "v1", "items": [{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}}]}`: `lacks Service "b"`,
	} {
		_, err := clientOf(&recorder{stdout: stdout}).TryApply(t.Context(), objects(), ApplyOptions{})
		var failure *Error
		require.ErrorAs(t, err, &failure, stdout)
		assert.Equal(t, Skew, failure.Reason, stdout)
		assert.ErrorContains(t, err, what)
	}
}
