package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/rollout"
)

// resources are the API's collections that say how a service is.
func resources() []struct{ group, name string } {
	return []struct{ group, name string }{
		{"apis/apps/v1", "deployments"}, {"apis/apps/v1", "statefulsets"}, {"apis/apps/v1", "daemonsets"},
		{"apis/apps/v1", "replicasets"}, {"apis/batch/v1", "jobs"}, {"api/v1", "pods"},
	}
}

// state is the app's objects, by resource. It is safe for concurrent use.
type state struct {
	mutex     sync.Mutex
	snapshots map[string][]*unstructured.Unstructured
}

func (s *state) set(resource string, objects []*unstructured.Unstructured) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.snapshots == nil {
		s.snapshots = map[string][]*unstructured.Unstructured{}
	}
	s.snapshots[resource] = objects
}

// complete reports whether every resource was heard of.
func (s *state) complete() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return len(s.snapshots) == len(resources())
}

// read lists all resources at once.
func (n *Namespace) read(ctx context.Context) (*state, error) {
	found := &state{}
	lists, ctx := errgroup.WithContext(ctx)
	for _, resource := range resources() {
		lists.Go(func() error {
			var list unstructured.UnstructuredList
			if err := n.proxy.Get(ctx, n.path(resource.group, resource.name), n.selector(""), &list); err != nil {
				return err
			}
			objects := make([]*unstructured.Unstructured, len(list.Items))
			for i := range list.Items {
				objects[i] = &list.Items[i]
			}
			found.set(resource.name, objects)
			return nil
		})
	}
	return found, lists.Wait()
}

// follow keeps the state as the cluster has it until the context ends, and
// says on changed, which holds one word, that it is another.
func (n *Namespace) follow(ctx context.Context, current *state, changed chan<- struct{}) error {
	watches, ctx := errgroup.WithContext(ctx)
	for _, resource := range resources() {
		watches.Go(func() error {
			return n.proxy.Follow(ctx, n.path(resource.group, resource.name), n.selector(""), func(snapshot kubectl.Snapshot) {
				objects := make([]*unstructured.Unstructured, 0, len(snapshot))
				for _, object := range snapshot {
					objects = append(objects, object)
				}
				current.set(resource.name, objects)
				select {
				case changed <- struct{}{}:
				default:
				}
			})
		})
	}
	return watches.Wait()
}

// service is the part of the state that is one service's, typed.
func (s *state) service(name string) (rollout.Objects, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var objects rollout.Objects
	err := errors.Join(
		convert(s.snapshots["deployments"], name, &objects.Deployments),
		convert(s.snapshots["statefulsets"], name, &objects.StatefulSets),
		convert(s.snapshots["daemonsets"], name, &objects.DaemonSets),
		convert(s.snapshots["replicasets"], name, &objects.ReplicaSets),
		convert(s.snapshots["jobs"], name, &objects.Jobs),
		convert(s.snapshots["pods"], name, &objects.Pods),
	)
	return objects, err
}

func convert[T appsv1.Deployment | appsv1.StatefulSet | appsv1.DaemonSet | appsv1.ReplicaSet | batchv1.Job | corev1.Pod](
	objects []*unstructured.Unstructured, service string, into *[]T,
) error {
	for _, object := range objects {
		if object.GetLabels()[manifest.LabelService] != service {
			continue
		}
		var typed T
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &typed); err != nil {
			return fmt.Errorf("%s %q: %w", object.GetKind(), object.GetName(), err)
		}
		*into = append(*into, typed)
	}
	return nil
}

// restartable names a service's workloads that kubectl can restart.
func (s *state) restartable(service string) []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var names []string
	for resource, kind := range map[string]string{"deployments": "deployment", "statefulsets": "statefulset", "daemonsets": "daemonset"} {
		for _, object := range s.snapshots[resource] {
			if object.GetLabels()[manifest.LabelService] == service {
				names = append(names, kind+".apps/"+object.GetName())
			}
		}
	}
	return names
}
