package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/ownership"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Stop scales workloads to zero, suspends cron jobs, and waits until no pods are
// left. What there was is written on each object, so that Start needs nothing else.
// An autoscaler rests while its workload has no replicas, and goes on with Start.
// Jobs that run already come to their own end.
func (n *Namespace) Stop(ctx context.Context, services []string) error {
	workloads, lasting, err := n.workloads(ctx, services)
	if err := errors.Join(append(lasting, err)...); err != nil {
		return err
	}
	var faults []error
	for _, workload := range workloads {
		if workload.replicas > 0 {
			faults = append(faults, n.set(ctx, workload, ownership.Operator, workload.remembered(), 0))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	return n.waitForEnd(ctx, services)
}

// Start brings back what Stop has stopped. What was scaled by people or an
// autoscaler before stays theirs: the next deploy keeps that many, and not the
// manifest's.
func (n *Namespace) Start(ctx context.Context, services []string, _ target.Watch) error {
	workloads, _, err := n.workloads(ctx, services)
	if err != nil {
		return err
	}
	former := make([]remembered, len(workloads))
	var faults []error
	for i, workload := range workloads {
		former[i], err = workload.former()
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	n.applied = n.proxy.Now()
	for i, workload := range workloads {
		faults = append(faults, n.start(ctx, workload, former[i]))
	}
	return errors.Join(faults...)
}

func (n *Namespace) start(ctx context.Context, workload workload, former remembered) error {
	switch {
	case former.replicas == 0 && workload.replicas == 0 && !workload.suspends:
		n.warn(fmt.Sprintf("%s has no replicas, and skycap did not stop it: it stays as it is; to scale it: kubectl --context=%s --namespace=%s scale %s --replicas=1",
			workload, n.kubectl.Context, n.kubectl.Namespace, strings.ToLower(workload.kind)+"/"+workload.name))
		return nil
	case former.replicas == 0:
		return nil
	case workload.replicas > 0: // somebody has started it otherwise
		return n.set(ctx, workload, ownership.Operator, nil, workload.replicas)
	case former.scaledBy != "":
		return n.set(ctx, workload, ownership.Operator, nil, former.replicas)
	default:
		return n.set(ctx, workload, kubectl.FieldManager, nil, former.replicas)
	}
}

// set changes how many replicas a workload has, and what it remembers.
func (n *Namespace) set(ctx context.Context, workload workload, manager string, remembered any, replicas int64) error {
	fields := map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{AnnotationReplicas: remembered}},
		"spec":     workload.scaled(replicas),
	}
	err := n.proxy.Persist(ctx, func() error { return n.proxy.Merge(ctx, workload.path, manager, fields) })
	if err != nil {
		return fmt.Errorf("%s: %w", workload, err)
	}
	return nil
}

// waitForEnd waits until no pods of services are left but those of jobs.
func (n *Namespace) waitForEnd(ctx context.Context, services []string) error {
	current := n.following(ctx, n.collections())
	defer current.close()
	for {
		select {
		case err := <-current.ended:
			return err
		case <-current.changed:
		}
		ended := current.complete()
		for _, service := range services {
			ended = ended && n.hasEnded(current.service(service))
		}
		if ended {
			return nil
		}
	}
}

// hasEnded reports whether the workloads are stopped, and their pods gone.
func (n *Namespace) hasEnded(objects rollout.Objects) bool {
	for _, pod := range objects.Pods {
		isOver := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if !isOver && !isOfJob(pod) {
			return false
		}
	}
	workloads := rollout.Objects{Deployments: objects.Deployments, StatefulSets: objects.StatefulSets, CronJobs: objects.CronJobs}
	return rollout.Assess(workloads, n.proxy.Now()).State == skycap.StateStopped
}

func isOfJob(pod corev1.Pod) bool {
	for _, owner := range pod.OwnerReferences {
		if owner.Kind == "Job" {
			return true
		}
	}
	return false
}
