// Package kubectl is kubectl behind a wall: its arguments as values, its noise
// filtered, its failures typed. Nothing else in skycap starts kubectl.
package kubectl

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	exact "k8s.io/apimachinery/pkg/util/json"

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
	Cache     string       // the folder where kubectl's version is remembered; empty for nowhere
}

// command pins kubectl to the client's context and namespace, each in one word
// with its flag so that none can be taken for another flag, and keeps what the
// user has set up for typing kubectl from changing what it does.
func (c Client) command(args ...string) run.Command {
	return isolated(append([]string{"--context=" + c.Context, "--namespace=" + c.Namespace}, args...))
}

// call runs kubectl to its end and returns its stdout. A failure is an *Error,
// or what run.Runner says of programs that could not run.
func (c Client) call(ctx context.Context, command run.Command) ([]byte, error) {
	var stdout bytes.Buffer
	noise := c.listen(command)
	command.Stdout, command.Stderr = noise.Beside(&stdout), noise
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
// admits or refuses it, and returns what they would become. Nothing is changed, so
// it is tried again where that may help.
func (c Client) TryApply(ctx context.Context, objects []*unstructured.Unstructured, options ApplyOptions) (tried []*unstructured.Unstructured, err error) {
	tell := func(text string) { tell(c.Warn, text) }
	err = persist(ctx, writePatience, tell, func() error {
		command := c.command(append(options.flags(), "--dry-run=server", "--output=json")...)
		command.Stdin, command.Timeout = stream(objects), applyTimeout
		if tried, err = c.objects(ctx, command); err == nil {
			err = c.checkNames(command, objects, tried)
		}
		return err
	})
	return tried, err
}

// Restart starts a rolling restart of workloads, named as in "deployment.apps/web".
func (c Client) Restart(ctx context.Context, workloads []string) error {
	_, err := c.call(ctx, c.command(append([]string{"rollout", "restart", "--"}, workloads...)...))
	return err
}

// Contexts lists the contexts of the user's kubeconfig.
func (c Client) Contexts(ctx context.Context) ([]string, error) {
	stdout, err := c.call(ctx, isolated([]string{"config", "get-contexts", "--output=name"}))
	return strings.Fields(string(stdout)), err
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
		return nil, c.breach(command, "is not JSON: "+err.Error())
	}
	answer := &unstructured.Unstructured{Object: content}
	if !answer.IsList() {
		return []*unstructured.Unstructured{answer}, nil
	}
	list, err := answer.ToList()
	if err != nil {
		return nil, c.breach(command, "is not a list: "+err.Error())
	}
	objects := make([]*unstructured.Unstructured, len(list.Items))
	for i := range list.Items {
		objects[i] = &list.Items[i]
	}
	return objects, nil
}
