package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/ownership"
	"github.com/skycap/skycap/internal/rollout"
)

// AnnotationReplicas is on what was stopped: how many replicas it had, and who had
// set them where that was not a deploy, as in "4 kubectl". A CronJob that ran has 1.
const AnnotationReplicas = "skycap.dev/replicas"

// workload is one object that can be stopped.
type workload struct {
	kind, name  string // as in Deployment
	path        string // in the API
	annotations map[string]string
	replicas    int64  // that it is to have; of a CronJob 1, or 0 while it is suspended
	scaledBy    string // who has set them, where that was not a deploy
	suspends    bool   // whether it has no replicas and is suspended instead
}

func (w workload) String() string { return fmt.Sprintf("%s %q", w.kind, w.name) }

// StopError says that a service has an object that can't be stopped.
type StopError struct {
	Service, Kind, Name string
}

func (e *StopError) Error() string {
	return fmt.Sprintf("service %q has the %s %q, which has no number of replicas and can't be stopped", e.Service, e.Kind, e.Name)
}

// workloads are those of services that can be stopped, and an error for each object
// that can't be.
func (n *Namespace) workloads(ctx context.Context, services []string) (found []workload, lasting []error, err error) {
	cluster, err := n.read(ctx, n.collections())
	if err != nil {
		return nil, nil, err
	}
	var faults []error
	for _, service := range services {
		objects := cluster.service(service)
		its, others := n.stoppable(objects), unstoppable(service, objects)
		if len(its) == 0 && len(others) == 0 {
			faults = append(faults, &NotDeployedError{Service: service, Environment: n.Environment})
		}
		found, lasting = append(found, its...), append(lasting, others...)
	}
	return found, lasting, errors.Join(faults...)
}

// unstoppable has an error for each object of a service that can't be stopped. Jobs
// are let come to their end beside others; alone they are all that there is.
func unstoppable(service string, objects rollout.Objects) (faults []error) {
	for _, set := range objects.DaemonSets {
		faults = append(faults, &StopError{Service: service, Kind: "DaemonSet", Name: set.Name})
	}
	for _, pod := range objects.Pods {
		if len(pod.OwnerReferences) == 0 && pod.DeletionTimestamp == nil {
			faults = append(faults, &StopError{Service: service, Kind: "Pod", Name: pod.Name})
		}
	}
	if len(objects.Deployments)+len(objects.StatefulSets)+len(objects.CronJobs) == 0 {
		for _, job := range objects.Jobs {
			faults = append(faults, &StopError{Service: service, Kind: "Job", Name: job.Name})
		}
	}
	return faults
}

func (n *Namespace) stoppable(objects rollout.Objects) []workload {
	var found []workload
	for i := range objects.Deployments {
		object := &objects.Deployments[i]
		found = append(found, n.scalable("Deployment", "deployments", object, object.Spec.Replicas))
	}
	for i := range objects.StatefulSets {
		object := &objects.StatefulSets[i]
		found = append(found, n.scalable("StatefulSet", "statefulsets", object, object.Spec.Replicas))
	}
	for _, object := range objects.CronJobs {
		job := workload{
			kind: "CronJob", name: object.Name, path: n.path("apis/batch/v1", "cronjobs") + "/" + object.Name,
			annotations: object.Annotations, replicas: 1, suspends: true,
		}
		if object.Spec.Suspend != nil && *object.Spec.Suspend {
			job.replicas = 0
		}
		found = append(found, job)
	}
	return found
}

func (n *Namespace) scalable(kind, resource string, object metav1.Object, replicas *int32) workload {
	found := workload{
		kind: kind, name: object.GetName(), path: n.path("apis/apps/v1", resource) + "/" + object.GetName(),
		annotations: object.GetAnnotations(), replicas: 1,
	}
	if replicas != nil {
		found.replicas = int64(*replicas)
	}
	if content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object); err == nil { // it came as JSON
		found.scaledBy, _, _ = ownership.Scaled(&unstructured.Unstructured{Object: content}, kubectl.FieldManager)
	}
	return found
}

// scaled is the spec that gives a workload its replicas.
func (w workload) scaled(replicas int64) map[string]any {
	if w.suspends {
		return map[string]any{"suspend": replicas == 0}
	}
	return map[string]any{"replicas": replicas}
}

// remembered is what AnnotationReplicas holds.
type remembered struct {
	replicas int64 // 0 where nothing is remembered
	scaledBy string
}

func (r remembered) String() string {
	return strings.TrimSpace(strconv.FormatInt(r.replicas, 10) + " " + r.scaledBy)
}

func (w workload) remembered() string {
	return remembered{replicas: w.replicas, scaledBy: w.scaledBy}.String()
}

// former is what a workload had before it was stopped.
func (w workload) former() (remembered, error) {
	text, isThere := w.annotations[AnnotationReplicas]
	if !isThere {
		return remembered{}, nil
	}
	number, owner, _ := strings.Cut(text, " ")
	replicas, err := strconv.ParseInt(number, 10, 32)
	if err != nil || replicas < 1 {
		return remembered{}, fmt.Errorf("%s has the annotation %s: %q; it must begin with a number above 0", w, AnnotationReplicas, text)
	}
	return remembered{replicas: replicas, scaledBy: owner}, nil
}
