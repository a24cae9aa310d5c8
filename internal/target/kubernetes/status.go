package kubernetes

import (
	"cmp"
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/ownership"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/pkg/skycap"
)

// Status judges the services by their objects. The records serve only to name
// the revision that a pod's digests and configuration stand for.
func (n *Namespace) Status(ctx context.Context, services []string) ([]skycap.ServiceStatus, error) {
	var current *state
	var releases []skycap.Release
	reads, ctx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) { current, err = n.read(ctx, append(n.collections(), n.events())); return err })
	reads.Go(func() (err error) { releases, err = n.Releases(ctx); return err })
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	statuses := make([]skycap.ServiceStatus, 0, len(services))
	for _, service := range services {
		status := n.serviceStatus(service, current.service(service), releases, n.proxy.Now())
		status.Drift = current.drift(service)
		statuses = append(statuses, status)
	}
	return statuses, nil
}

func (n *Namespace) serviceStatus(service string, objects rollout.Objects, releases []skycap.Release, now time.Time) skycap.ServiceStatus {
	assessment := rollout.Assess(objects, now)
	status := skycap.ServiceStatus{
		Environment: n.Environment, Service: service, Target: skycap.TargetKubernetes,
		State: assessment.State, Message: assessment.Message, Instances: []skycap.Instance{},
	}
	revisions, numbers := map[string]bool{}, map[int]bool{}
	for _, pod := range objects.Pods {
		if pod.Status.Phase == corev1.PodSucceeded || pod.DeletionTimestamp != nil {
			continue
		}
		running := runningIn(pod)
		found := newest(releases, service, running)
		status.Instances = append(status.Instances, skycap.Instance{
			Name: pod.Name, Revision: found.Revision, Ready: rollout.Ready(pod), Restarts: restarts(pod),
			Since: since(pod), Image: running.image, Config: running.config,
		})
		revisions[found.Revision], numbers[found.Number] = true, true
		status.Revision, status.Release = found.Revision, found.Number
	}
	if len(revisions) > 1 {
		status.Revision = ""
	}
	if len(numbers) > 1 {
		status.Release = 0
	}
	slices.SortFunc(status.Instances, func(a, b skycap.Instance) int { return cmp.Compare(a.Name, b.Name) })
	return status
}

// running is what a pod proves to run.
type running struct {
	image   string // of its first container
	digests []string
	config  string
	secrets string
}

// runningIn reads the digests that the node reports, and those of the pod's own
// references where a node reports none, as simulated ones do.
func runningIn(pod corev1.Pod) running {
	found := running{config: pod.Annotations[manifest.AnnotationConfig], secrets: pod.Annotations[manifest.AnnotationSecrets]}
	reported := map[string]string{}
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		_, reference, isURL := strings.Cut(status.ImageID, "://")
		if !isURL {
			reference = status.ImageID
		}
		reported[status.Name] = reference
	}
	for _, container := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		reference := reported[container.Name]
		if image.Digest(reference) == "" {
			reference = container.Image
		}
		digest := image.Digest(reference)
		if found.image == "" {
			found.image = strings.TrimSuffix(image.Repository(reference)+"@"+digest, "@")
		}
		found.digests = append(found.digests, digest)
	}
	return found
}

// newest is the newest release that an instance is one of. Of its images those count
// that some release has: others are not the service's own.
func newest(releases []skycap.Release, service string, running running) skycap.Release {
	known := map[string]bool{}
	for _, summary := range releases {
		for _, digest := range summary.Running[service].Digests {
			known[digest] = true
		}
	}
	own := slices.DeleteFunc(slices.Clone(running.digests), func(digest string) bool { return !known[digest] })
	for _, summary := range releases {
		wanted, ok := summary.Running[service]
		if ok && release.Matches(wanted, running.config, running.secrets, own) {
			if wanted.Revision != "" { // a rollback to several releases
				summary.Revision = wanted.Revision
			}
			return summary
		}
	}
	return skycap.Release{}
}

func restarts(pod corev1.Pod) int {
	count := 0
	for _, status := range pod.Status.ContainerStatuses {
		count += int(status.RestartCount)
	}
	return count
}

// since is when the pod's node took it on, or else when it was made.
func since(pod corev1.Pod) time.Time {
	if pod.Status.StartTime != nil {
		return pod.Status.StartTime.UTC()
	}
	return pod.CreationTimestamp.UTC()
}

// drift is what people have changed of a service's objects since they were deployed.
func (s *state) drift(service string) []skycap.Drift {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var found []skycap.Drift
	for _, path := range slices.Sorted(maps.Keys(s.objects)) {
		for _, name := range slices.Sorted(maps.Keys(s.objects[path])) {
			object := s.objects[path][name]
			if object.GetLabels()[manifest.LabelService] != service || len(object.GetOwnerReferences()) > 0 {
				continue
			}
			content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
			if err != nil {
				continue // it came as JSON: it can become that again
			}
			live := &unstructured.Unstructured{Object: content}
			for _, field := range ownership.Drift(live, kubectl.FieldManager) {
				found = append(found, skycap.Drift{
					Kind: kindOf(object), Name: name, Path: field.Path, Value: field.Live, Owner: field.Owner, Since: field.Since,
				})
			}
		}
	}
	return found
}

// kindOf is the kind of an object of ours, which a list leaves out.
func kindOf(object metav1.Object) string { return reflect.TypeOf(object).Elem().Name() }
