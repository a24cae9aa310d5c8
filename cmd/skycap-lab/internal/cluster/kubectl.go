package cluster

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Kubectl asks the cluster of the state folder, as its admin.
type Kubectl struct{ Dir state.Dir }

// Namespaces of the example application's environments.
func Namespaces() []string { return []string{"storefront-staging", "storefront-production"} }

// CreateNamespaces returns when pods can be created in each of them: when its
// default ServiceAccount exists.
func (k Kubectl) CreateNamespaces(ctx context.Context) error {
	var objects strings.Builder
	for _, name := range Namespaces() {
		objects.WriteString("---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + "}\n")
	}
	if err := k.apply(ctx, objects.String()); err != nil {
		return err
	}
	for _, name := range Namespaces() {
		_, err := k.run(ctx, "", "wait", "--for=create", "--timeout=60s", "--namespace="+name, "serviceaccount/default")
		if err != nil {
			return err
		}
	}
	return nil
}

// WaitForNodes returns when count nodes are Ready, the real one by a heartbeat no older
// than since: what the cluster remembers of a node that died says nothing of the new.
func (k Kubectl) WaitForNodes(ctx context.Context, count int, since time.Time) error {
	for {
		out, err := k.run(ctx, "", "get", "nodes", "--output="+
			`jsonpath={range .items[*]}{.metadata.name}{range .status.conditions[?(@.type=="Ready")]} {.status} {.lastHeartbeatTime}{end}{"\n"}{end}`)
		if err == nil && ready(string(out), since) == count {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ready counts the nodes that are, from lines of a name, a status and the time of
// the last heartbeat.
func ready(nodes string, since time.Time) (count int) {
	for line := range strings.Lines(nodes) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[1] != "True" {
			continue
		}
		beat, err := time.Parse(time.RFC3339, fields[2])
		if err == nil && (fields[0] != NodeName || !beat.Before(since.Truncate(time.Second))) {
			count++
		}
	}
	return count
}

func (k Kubectl) apply(ctx context.Context, objects string) error {
	_, err := k.run(ctx, objects, "apply", "--server-side", "--force-conflicts", "--field-manager=skycap-lab", "--filename=-")
	return err
}

// run names the file and the context, so that nothing of the caller's own
// environment can turn the call to another cluster.
func (k Kubectl) run(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	argv := []string{k.Dir.Bin("kubectl"), "--kubeconfig=" + k.Dir.Kubeconfig(), "--context=" + Context}
	return process.Command{
		Argv:    append(argv, args...),
		Env:     append(os.Environ(), "KUBECTL_KUBERC=false", "KUBECACHEDIR="+k.Dir.Cluster("kubectl")),
		Stdin:   strings.NewReader(stdin),
		Timeout: 90 * time.Second,
	}.Run(ctx)
}
