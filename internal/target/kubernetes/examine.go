package kubernetes

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/pkg/skycap"
)

// Examine checks what a deploy needs of kubectl and of the cluster: that the context
// exists and leads to the right cluster has been found by Open.
func (n *Namespace) Examine(ctx context.Context, _ []string) []skycap.Check {
	checks := []skycap.Check{n.examineKubectl(ctx), n.examineServer(ctx)}
	if checks[1].OK {
		if n.cluster != "" {
			checks = append(checks, skycap.Check{Name: "cluster", OK: true, Message: fmt.Sprintf("it is %q, as skycap.yaml pins it", n.cluster)})
		}
		checks = append(checks, n.examineContract(ctx), n.examineNamespace(ctx))
		checks = append(checks, n.examineRights(ctx)...)
	}
	for i := range checks {
		checks[i].Environment, checks[i].Target = n.Environment, skycap.TargetKubernetes
	}
	return checks
}

func (n *Namespace) examineKubectl(ctx context.Context) skycap.Check {
	found, err := n.kubectl.Version(ctx)
	check := skycap.Check{Name: "kubectl", OK: err == nil, Message: "kubectl " + found + " is there"}
	if err != nil {
		check.Message, check.Fix = err.Error(), "to see what it says: kubectl version --client"
		return check
	}
	server, err := n.serverVersion(ctx)
	if skew := kubectl.SkewOf(found, server); err == nil && skew != "" {
		check.OK, check.Warning, check.Message = false, true, skew
		check.Fix = "to install one that fits: " + kubectl.HowToInstall
	}
	return check
}

// examineContract tries whether kubectl prints what skycap reads. That one may not
// create what is tried is found out below.
func (n *Namespace) examineContract(ctx context.Context) skycap.Check {
	err := n.kubectl.Probe(ctx)
	check := skycap.Check{Name: "kubectl's answers", OK: true, Message: "they are as skycap reads them"}
	if failedFor(err, kubectl.Skew) {
		check.OK, check.Message, check.Fix = false, err.Error(), "to install another, "+kubectl.Supported()+": "+kubectl.HowToInstall
	}
	return check
}

// pinned is a command of kubectl for the namespace.
func (n *Namespace) pinned(args string) string {
	return fmt.Sprintf("kubectl --context=%s --namespace=%s %s", n.kubectl.Context, n.kubectl.Namespace, args)
}

func (n *Namespace) examineServer(ctx context.Context) skycap.Check {
	server, err := n.serverVersion(ctx)
	check := skycap.Check{
		Name: "API server", OK: err == nil,
		Message: fmt.Sprintf("context %q leads to Kubernetes %s", n.kubectl.Context, server),
	}
	if err != nil {
		check.Message = fmt.Sprintf("context %q: %v", n.kubectl.Context, err)
		check.Fix = "is the cluster up, and reachable from here? " + n.pinned("cluster-info")
	}
	return check
}

// examineNamespace takes a namespace that may not be looked at for one that is there:
// the rights in it will tell.
func (n *Namespace) examineNamespace(ctx context.Context) skycap.Check {
	var found metav1.PartialObjectMetadata
	err := n.proxy.Get(ctx, "/api/v1/namespaces/"+n.kubectl.Namespace, nil, &found)
	check := skycap.Check{Name: "namespace", OK: true, Message: fmt.Sprintf("namespace %q is there", n.kubectl.Namespace)}
	switch {
	case failedFor(err, kubectl.Forbidden):
		check.Message = fmt.Sprintf("namespace %q may not be looked at itself", n.kubectl.Namespace)
	case failedFor(err, kubectl.NoNamespace), failedFor(err, kubectl.NotFound):
		check.OK, check.Message = false, fmt.Sprintf("namespace %q does not exist", n.kubectl.Namespace)
		check.Fix = fmt.Sprintf("to make it: kubectl --context=%s create namespace %s", n.kubectl.Context, n.kubectl.Namespace)
	case err != nil:
		check.OK, check.Message = false, err.Error()
		check.Fix = "to look at it: " + n.pinned("get namespace "+n.kubectl.Namespace)
	case found.DeletionTimestamp != nil:
		check.OK, check.Message = false, fmt.Sprintf("namespace %q is being deleted", n.kubectl.Namespace)
		check.Fix = "wait until it is gone, and make it again"
	}
	return check
}

// right is what one must be allowed to do with a resource.
type right struct {
	group, resource, subresource string
	verbs                        []string
	serves                       string // what can't be done without; empty: deploying
}

// rights are what skycap does by itself. Other kinds are asked for by the
// manifests, which a plan tries.
func rights() []right {
	applied := []string{"get", "list", "create", "patch", "delete"}
	return []right{
		{group: "apps", resource: "deployments", verbs: append([]string{"watch"}, applied...)},
		{resource: "services", verbs: applied},
		{resource: "configmaps", verbs: applied},
		{resource: "secrets", verbs: applied},
		{group: "coordination.k8s.io", resource: "leases", verbs: []string{"get", "list", "create", "update", "delete"}},
		{group: "apps", resource: "statefulsets", verbs: []string{"list", "watch"}},
		{group: "apps", resource: "daemonsets", verbs: []string{"list", "watch"}},
		{group: "apps", resource: "replicasets", verbs: []string{"list", "watch"}},
		{group: "batch", resource: "jobs", verbs: []string{"list", "watch"}},
		{resource: "pods", verbs: []string{"list", "watch"}},
		{resource: "events", verbs: []string{"list", "watch"}, serves: "failures are explained by events"},
		{resource: "pods", subresource: "log", verbs: []string{"get"}, serves: "failures are explained by logs, and skycap logs shows them"},
		{resource: "pods", subresource: "exec", verbs: []string{"create"}, serves: "skycap exec needs it"},
	}
}

func (r right) String() string {
	name := r.resource
	if r.subresource != "" {
		name += "/" + r.subresource
	}
	if r.group != "" {
		name += "." + r.group
	}
	return name
}

// examineRights asks for all rights at once.
func (n *Namespace) examineRights(ctx context.Context) []skycap.Check {
	all := rights()
	checks := make([]skycap.Check, len(all))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(10)
	for i, right := range all {
		work.Go(func() error {
			checks[i] = n.examineRight(ctx, right)
			return nil
		})
	}
	_ = work.Wait() // what went wrong is in the checks
	return checks
}

func (n *Namespace) examineRight(ctx context.Context, right right) skycap.Check {
	check := skycap.Check{Name: "right to " + right.String(), OK: true, Message: "you may " + strings.Join(right.verbs, ", ")}
	var denied []string
	for _, verb := range right.verbs {
		allowed, err := n.may(ctx, verb, right)
		if err != nil {
			check.OK, check.Message, check.Fix = false, err.Error(), "to ask by hand: "+n.pinned("auth can-i --list")
			return check
		}
		if !allowed {
			denied = append(denied, verb)
		}
	}
	if len(denied) > 0 {
		check.OK, check.Message = false, "you may not "+strings.Join(denied, ", ")
		check.Fix = "have somebody who may give you a role with that; what you may do: " + n.pinned("auth can-i --list")
		if check.Warning = right.serves != ""; check.Warning {
			check.Message += ": " + right.serves
		}
	}
	return check
}

func (n *Namespace) may(ctx context.Context, verb string, right right) (bool, error) {
	review := authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: n.kubectl.Namespace, Verb: verb, Group: right.group, Resource: right.resource, Subresource: right.subresource,
		},
	}}
	var answer authorizationv1.SelfSubjectAccessReview
	err := n.proxy.Create(ctx, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", nil, review, &answer)
	return answer.Status.Allowed, err
}
