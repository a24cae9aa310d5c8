package kubernetes

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// The least time between two judgements, since many pods change at once, and the
// longer the more objects there are: each of them costs.
const (
	judgePause     = 100 * time.Millisecond
	judgePauseEach = 400 * time.Microsecond
	judgePauseMost = time.Second
)

// Wait follows the services' objects through the proxy.
func (n *Namespace) Wait(ctx context.Context, services []release.Service, watch target.Watch) (map[release.Place]rollout.Assessment, error) {
	followed, err := n.collectionsOf(ctx, services)
	if err != nil {
		return nil, err
	}
	if n.prove(services); slices.ContainsFunc(services, isNamed) {
		if err := n.proveNamed(ctx, services); err != nil {
			return nil, err
		}
	}
	current := n.following(ctx, followed)
	defer current.close()
	wait := &wait{namespace: n, services: services, watch: watch, assessments: map[release.Place]rollout.Assessment{}, troubled: map[release.Place]rollout.Assessment{}, looks: map[string]look{}, matches: map[string]map[string]*corev1.Node{}}
	budget := time.NewTimer(time.Hour)
	defer budget.Stop()
	for {
		select {
		case err := <-current.ended:
			return wait.explained(), err
		case <-current.changed:
		case <-budget.C:
		}
		if !current.complete() {
			continue
		}
		settled, next := wait.judge(ctx, current.state)
		if settled {
			return wait.explained(), nil
		}
		budget.Reset(next)
		select {
		case <-ctx.Done():
		case <-time.After(min(max(judgePause, time.Duration(current.size())*judgePauseEach), judgePauseMost)):
		}
	}
}

// wait is what is known while services are waited for.
type wait struct {
	namespace   *Namespace
	services    []release.Service
	watch       target.Watch
	assessments map[release.Place]rollout.Assessment
	troubled    map[release.Place]rollout.Assessment // the last of each service that had a cause
	looks       map[string]look                      // at nodes
	matches     map[string]map[string]*corev1.Node   // nodes by label selector
	broken      time.Time                            // since when some service is known to be broken
}

// longestPause is how long a judgement stands though nothing changes.
const longestPause = 30 * time.Second

// judge brings the assessments up to date. It reports whether there is nothing
// left to wait for, and else after which time to judge again though nothing changes.
func (w *wait) judge(ctx context.Context, current *state) (settled bool, next time.Duration) {
	settled, next = true, longestPause
	for _, service := range w.services {
		now := w.namespace.proxy.Now()
		objects := current.service(service.Name)
		objects.Proven, objects.Applied, objects.Nodes = w.namespace.proven, w.namespace.applied, w.suspects(ctx, objects)
		assessment := rollout.Assess(objects, now)
		if missing := missingWorkload(service, objects); missing != "" {
			assessment = rollout.Assessment{State: skycap.StateProgressing, Message: missing + " is not there yet"}
		} else if assessment.State == skycap.StateAbsent {
			assessment = rollout.Assessment{State: skycap.StateHealthy} // nothing that could be otherwise
		}
		before, known := w.assessments[service.Place()]
		w.assessments[service.Place()] = assessment
		if assessment.Cause != "" {
			w.troubled[service.Place()] = assessment
		}
		if !known || before.State != assessment.State || before.Message != assessment.Message {
			w.watch(service.Place(), "", assessment)
		}
		done := assessment.State == skycap.StateHealthy || assessment.State == skycap.StateStopped || assessment.Broken()
		settled = settled && done
		if len(objects.Nodes) > 0 {
			next = min(next, nodeLife)
		}
		if !assessment.Next.IsZero() {
			next = min(next, max(assessment.Next.Sub(now), judgePause))
		}
	}
	return settled || w.isLost(&next), next
}

// brokenGrace is how long other services may take once one is known to be broken.
const brokenGrace = 5 * time.Second

// isLost reports whether some service has been known to be broken for a while:
// waiting for the others is of no use then.
func (w *wait) isLost(next *time.Duration) bool {
	broken := false
	for _, assessment := range w.assessments {
		broken = broken || assessment.Broken()
	}
	if !broken {
		w.broken = time.Time{}
		return false
	}
	if w.broken.IsZero() {
		w.broken = time.Now()
	}
	*next = min(*next, max(brokenGrace-time.Since(w.broken), judgePause))
	return time.Since(w.broken) >= brokenGrace
}

// explained are the assessments when the time is over. One that has no cause at
// that moment, as between two crashes, has the last one that there was.
func (w *wait) explained() map[release.Place]rollout.Assessment {
	for place, assessment := range w.assessments {
		if last, known := w.troubled[place]; known && assessment.Cause == "" && assessment.State == skycap.StateProgressing {
			last.State, last.Message = assessment.State, assessment.Message+": "+last.Cause
			w.assessments[place] = last
		}
	}
	return w.assessments
}

// nodeLife is for how long what is known of a node counts.
const nodeLife = 5 * time.Second

// look is one look at a node; nil is one that is not there.
type look struct {
	node *corev1.Node
	at   time.Time
}

// suspects are the nodes that may be what ails a service's pods. One that may
// not be looked at is left out.
func (w *wait) suspects(ctx context.Context, objects rollout.Objects) map[string]*corev1.Node {
	nodes := map[string]*corev1.Node{}
	for _, name := range rollout.SuspectNodes(objects) {
		if known, ok := w.looks[name]; ok && time.Since(known.at) < nodeLife {
			nodes[name] = known.node
			continue
		}
		node := &corev1.Node{}
		err := w.namespace.proxy.Get(ctx, "/api/v1/nodes/"+name, nil, node)
		if failedFor(err, kubectl.NotFound) {
			node, err = nil, nil
		}
		if err == nil {
			w.looks[name] = look{node, time.Now()}
			nodes[name] = node
		}
	}
	for _, selector := range rollout.Repelled(objects) {
		for name, node := range w.matching(ctx, selector) {
			nodes[name] = node
		}
	}
	return nodes
}

// maxNodes is how many nodes are looked at for their taints.
const maxNodes = 50

// matching are the nodes that a label selector matches, looked at once.
func (w *wait) matching(ctx context.Context, selector string) map[string]*corev1.Node {
	if known, ok := w.matches[selector]; ok {
		return known
	}
	var list corev1.NodeList
	query := url.Values{"labelSelector": {selector}, "limit": {strconv.Itoa(maxNodes)}}
	if err := w.namespace.proxy.Get(ctx, "/api/v1/nodes", query, &list); err != nil {
		list.Items = nil // they may not be looked at
	}
	found := map[string]*corev1.Node{}
	for i := range list.Items {
		found[list.Items[i].Name] = &list.Items[i]
	}
	w.matches[selector] = found
	return found
}

// missingWorkload names a workload that a service has applied and the cluster
// doesn't show: without it, what else there is would pass for the whole.
func missingWorkload(service release.Service, objects rollout.Objects) string {
	there := map[string]bool{}
	for _, object := range objects.Deployments {
		there["Deployment/"+object.Name] = true
	}
	for _, object := range objects.StatefulSets {
		there["StatefulSet/"+object.Name] = true
	}
	for _, object := range objects.DaemonSets {
		there["DaemonSet/"+object.Name] = true
	}
	for _, object := range service.Objects {
		isWorkload := object.GroupVersionKind().Group == "apps" && slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, object.GetKind())
		if isWorkload && !there[object.GetKind()+"/"+object.GetName()] {
			return object.String()
		}
	}
	return ""
}
