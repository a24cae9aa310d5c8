// Package kubectl is kubectl behind a wall: its arguments as values, its noise
// filtered, its failures typed. Nothing else in skycap starts kubectl.
package kubectl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	exact "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/version"

	"github.com/skycap/skycap/internal/noise"
	"github.com/skycap/skycap/internal/run"
)

// FieldManager owns the fields that skycap applies.
const FieldManager = "skycap"

// applyTimeout bounds one apply, whose admission webhooks may each take 30 s.
const applyTimeout = 10 * time.Minute

// Client drives kubectl in one namespace of one context of the user's kubeconfig.
type Client struct {
	Runner    run.Runner
	Context   string
	Namespace string
	Warn      func(string) // is told each warning of the server; may be nil
	Say       func(string) // is told what else kubectl says, line by line; may be nil
	Debug     func(string) // is told each line of noise; may be nil
	Rules     *noise.Rules // what noise is; skycap's own rules when nil
	Noise     *noise.Log   // shared by all calls of a command, for warnings to be told once; may be nil
}

// command pins kubectl to the client's context and namespace, each in one word
// with its flag so that none can be taken for another flag, and keeps the
// user's kuberc from changing what flags mean.
func (c Client) command(args ...string) run.Command {
	pinned := []string{"--context=" + c.Context, "--namespace=" + c.Namespace}
	return run.Command{
		Name: "kubectl",
		Args: append(pinned, args...),
		// WatchListClient: from 1.35 kubectl hangs on servers that ignore it.
		Env: []string{"KUBERC=off", "KUBECTL_KUBERC=false", "NO_COLOR=1", "KUBE_FEATURE_WatchListClient=false"},
	}
}

// call runs kubectl to its end and returns its stdout. A failure is an *Error,
// or what run.Runner says of programs that could not run.
func (c Client) call(ctx context.Context, command run.Command) ([]byte, error) {
	var stdout bytes.Buffer
	noise := c.listen(command)
	command.Stdout, command.Stderr = &stdout, noise
	err := c.Runner.Run(ctx, command)
	noise.End(err != nil)
	if failure := c.failure(command, noise, err); failure != nil {
		return stdout.Bytes(), failure
	}
	return stdout.Bytes(), err
}

func tell(listener func(string), text string) {
	if listener != nil {
		listener(text)
	}
}

// Get returns those of the objects that the server has, as it has them, and with
// who owns which of their fields.
func (c Client) Get(ctx context.Context, objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	command := c.command("get", "--filename=-", "--output=json", "--show-managed-fields", "--ignore-not-found")
	command.Stdin = stream(objects)
	return c.objects(ctx, command)
}

// ApplyOptions are the choices of an apply.
type ApplyOptions struct {
	Force bool // take over fields that others own
}

func (o ApplyOptions) flags() []string {
	flags := []string{"apply", "--server-side", "--field-manager=" + FieldManager, "--filename=-"}
	if o.Force {
		flags = append(flags, "--force-conflicts")
	}
	return flags
}

// TryApply has the server check an apply of the objects, with everything that
// admits or refuses it, and returns what they would become. Nothing is changed.
func (c Client) TryApply(ctx context.Context, objects []*unstructured.Unstructured, options ApplyOptions) ([]*unstructured.Unstructured, error) {
	command := c.command(append(options.flags(), "--dry-run=server", "--output=json")...)
	command.Stdin, command.Timeout = stream(objects), applyTimeout
	return c.objects(ctx, command)
}

// Apply applies the objects in their order, in one call. It returns the names
// of those that were applied, as in "deployment.apps/web", also when it fails.
func (c Client) Apply(ctx context.Context, objects []*unstructured.Unstructured, options ApplyOptions) ([]string, error) {
	// -o json would print nothing at all if one object of several fails.
	command := c.command(append(options.flags(), "--output=name")...)
	command.Stdin, command.Timeout = stream(objects), applyTimeout
	stdout, err := c.call(ctx, command)
	return strings.Fields(string(stdout)), err
}

// Delete deletes objects that may be gone already. It waits for none.
func (c Client) Delete(ctx context.Context, objects []*unstructured.Unstructured) error {
	command := c.command("delete", "--filename=-", "--ignore-not-found", "--wait=false", "--output=name")
	command.Stdin = stream(objects)
	_, err := c.call(ctx, command)
	return err
}

// Restart starts a rolling restart of workloads, named as in "deployment.apps/web".
func (c Client) Restart(ctx context.Context, workloads []string) error {
	_, err := c.call(ctx, c.command(append([]string{"rollout", "restart", "--"}, workloads...)...))
	return err
}

// Contexts lists the contexts of the user's kubeconfig.
func (c Client) Contexts(ctx context.Context) ([]string, error) {
	command := c.command("config", "get-contexts", "--output=name")
	command.Args = command.Args[2:] // it needs neither context nor namespace
	stdout, err := c.call(ctx, command)
	return strings.Fields(string(stdout)), err
}

// Version is that of kubectl itself, as in "v1.36.0".
func (c Client) Version(ctx context.Context) (string, error) {
	command := c.command("version", "--client", "--output=json")
	command.Args = command.Args[2:] // it needs neither context nor namespace
	stdout, err := c.call(ctx, command)
	if err != nil {
		return "", err
	}
	var answer struct{ ClientVersion version.Info }
	if err := json.Unmarshal(stdout, &answer); err != nil {
		return "", fmt.Errorf("what %q printed is not JSON: %w", command, err)
	}
	return answer.ClientVersion.GitVersion, nil
}

// stream writes objects as kubectl reads them from stdin.
func stream(objects []*unstructured.Unstructured) io.Reader {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	for _, object := range objects {
		text.WriteString("---\n")
		_ = encoder.Encode(object.Object) // decoded from JSON before: it encodes
	}
	return &text
}

func (c Client) objects(ctx context.Context, command run.Command) ([]*unstructured.Unstructured, error) {
	stdout, err := c.call(ctx, command)
	if err != nil || len(bytes.TrimSpace(stdout)) == 0 {
		return nil, err
	}
	var content map[string]any
	if err := exact.Unmarshal(stdout, &content); err != nil { // whole numbers stay whole
		return nil, fmt.Errorf("what %q printed is not JSON: %w", command, err)
	}
	answer := &unstructured.Unstructured{Object: content}
	if !answer.IsList() {
		return []*unstructured.Unstructured{answer}, nil
	}
	list, err := answer.ToList()
	if err != nil {
		return nil, fmt.Errorf("what %q printed is not a list: %w", command, err)
	}
	objects := make([]*unstructured.Unstructured, len(list.Items))
	for i := range list.Items {
		objects[i] = &list.Items[i]
	}
	return objects, nil
}
