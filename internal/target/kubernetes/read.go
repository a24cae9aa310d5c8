package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/rollout"
)

// collection is objects of one kind that say how a service is.
type collection struct {
	path     string
	query    url.Values
	empty    metav1.Object // of the type that its objects have
	optional bool          // whether it can be done without, where it may not be read
}

// collections are those of Kubernetes' own kinds.
func (n *Namespace) collections() []collection {
	all := []collection{
		{path: n.path("apis/apps/v1", "deployments"), empty: &appsv1.Deployment{}},
		{path: n.path("apis/apps/v1", "statefulsets"), empty: &appsv1.StatefulSet{}},
		{path: n.path("apis/apps/v1", "daemonsets"), empty: &appsv1.DaemonSet{}},
		{path: n.path("apis/apps/v1", "replicasets"), empty: &appsv1.ReplicaSet{}},
		{path: n.path("apis/batch/v1", "jobs"), empty: &batchv1.Job{}},
		{path: n.path("api/v1", "pods"), empty: &corev1.Pod{}},
		{path: n.path("apis/batch/v1", "cronjobs"), empty: &batchv1.CronJob{}, optional: true},
		{path: n.path("api/v1", "persistentvolumeclaims"), empty: &corev1.PersistentVolumeClaim{}, optional: true},
		{path: n.path("api/v1", "services"), empty: &corev1.Service{}, optional: true},
		{path: n.path("apis/autoscaling/v2", "horizontalpodautoscalers"), empty: &autoscalingv2.HorizontalPodAutoscaler{}, optional: true},
	}
	for i := range all {
		all[i].query = n.selector("")
	}
	return append(all, collection{path: n.path("api/v1", "resourcequotas"), empty: &corev1.ResourceQuota{}, optional: true})
}

// dullEvents are the reasons of events that never explain anything, and of which
// there are many for each pod.
func dullEvents() []string {
	return []string{"Scheduled", "Pulling", "Pulled", "Created", "Started", "SuccessfulDelete", "ScalingReplicaSet", "Completed"}
}

// events are those of the namespace: they carry no labels.
func (n *Namespace) events() collection {
	var fields []string
	for _, reason := range dullEvents() {
		fields = append(fields, "reason!="+reason)
	}
	return collection{
		path: n.path("api/v1", "events"), query: url.Values{"fieldSelector": {strings.Join(fields, ",")}},
		empty: &corev1.Event{}, optional: true,
	}
}

// state is the app's objects, by collection and name. It is safe for concurrent use.
type state struct {
	mutex   sync.Mutex
	objects map[string]map[string]metav1.Object
}

// change takes in what became of a collection's objects.
func (s *state) change(of collection, change kubectl.Change) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if change.Kind == kubectl.Listed {
		if s.objects == nil {
			s.objects = map[string]map[string]metav1.Object{}
		}
		s.objects[of.path] = map[string]metav1.Object{}
	}
	for _, raw := range change.Objects {
		object := newOf(of.empty)
		if err := json.Unmarshal(raw, object); err != nil {
			return fmt.Errorf("%s: %w", of.path, err)
		}
		if change.Kind == kubectl.Deleted {
			delete(s.objects[of.path], object.GetName())
		} else {
			s.objects[of.path][object.GetName()] = object
		}
	}
	return nil
}

// newOf is a new object of the same type.
func newOf(empty metav1.Object) metav1.Object {
	object, _ := reflect.New(reflect.TypeOf(empty).Elem()).Interface().(metav1.Object)
	return object
}

// complete reports whether every collection was heard of.
func (f *following) complete() bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return len(f.objects) == len(f.all)
}

// size is how many objects there are.
func (s *state) size() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	size := 0
	for _, objects := range s.objects {
		size += len(objects)
	}
	return size
}

// read lists all collections at once.
func (n *Namespace) read(ctx context.Context, all []collection) (*state, error) {
	found := &state{}
	lists, ctx := errgroup.WithContext(ctx)
	for _, of := range all {
		lists.Go(func() error {
			var list struct {
				Items []json.RawMessage `json:"items"`
			}
			err := n.proxy.Get(ctx, of.path, of.query, &list)
			if of.optional && isMissing(err) {
				err = nil
			}
			if err != nil {
				return err
			}
			return found.change(of, kubectl.Change{Kind: kubectl.Listed, Objects: list.Items})
		})
	}
	return found, lists.Wait()
}

// isMissing reports whether a collection may not be read, or is none of this server's.
func isMissing(err error) bool {
	return failedFor(err, kubectl.Forbidden) || failedFor(err, kubectl.NotFound)
}

// following is a state that is kept as the cluster has it.
type following struct {
	*state
	all     []collection
	changed chan struct{} // holds one word: it is another
	ended   chan error    // why it is not kept any more
	stop    context.CancelFunc
}

// following starts to follow collections. Close it.
func (n *Namespace) following(ctx context.Context, all []collection) *following {
	ctx, stop := context.WithCancel(ctx)
	f := &following{state: &state{}, all: all, changed: make(chan struct{}, 1), ended: make(chan error, 1), stop: stop}
	go func() {
		f.ended <- n.follow(ctx, all, f.state, f.changed)
		close(f.ended)
	}()
	return f
}

// close ends it, and waits for its end.
func (f *following) close() {
	f.stop()
	for range f.ended { // until it is closed
	}
}

// follow keeps the state as the cluster has it until the context ends, and
// says on changed, which holds one word, that it is another.
func (n *Namespace) follow(ctx context.Context, all []collection, current *state, changed chan<- struct{}) error {
	watches, ctx := errgroup.WithContext(ctx)
	for _, of := range all {
		watches.Go(func() error {
			var broken error
			take := func(change kubectl.Change) {
				if err := current.change(of, change); err != nil {
					broken = err
				}
				select {
				case changed <- struct{}{}:
				default:
				}
			}
			err := n.proxy.Follow(ctx, of.path, of.query, take)
			if of.optional && isMissing(err) {
				take(kubectl.Change{Kind: kubectl.Listed})
				<-ctx.Done()
				return ctx.Err()
			}
			if broken != nil {
				return broken
			}
			return err
		})
	}
	return watches.Wait()
}

// service is the part of the state that is one service's, and all events.
func (s *state) service(name string) rollout.Objects {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var objects rollout.Objects
	for _, path := range slices.Sorted(maps.Keys(s.objects)) {
		for _, key := range slices.Sorted(maps.Keys(s.objects[path])) {
			object := s.objects[path][key]
			switch object := object.(type) {
			case *corev1.Event:
				objects.Events = append(objects.Events, *object)
			case *corev1.ResourceQuota:
				objects.Quotas = append(objects.Quotas, *object)
			}
			if object.GetLabels()[manifest.LabelService] == name {
				add(&objects, object)
			}
		}
	}
	return objects
}

func add(objects *rollout.Objects, object metav1.Object) {
	switch object := object.(type) {
	case *appsv1.Deployment:
		objects.Deployments = append(objects.Deployments, *object)
	case *appsv1.StatefulSet:
		objects.StatefulSets = append(objects.StatefulSets, *object)
	case *appsv1.DaemonSet:
		objects.DaemonSets = append(objects.DaemonSets, *object)
	case *appsv1.ReplicaSet:
		objects.ReplicaSets = append(objects.ReplicaSets, *object)
	case *batchv1.Job:
		if object.Annotations[manifest.AnnotationRun] == "" { // those of a phase are waited for in their own
			objects.Jobs = append(objects.Jobs, *object)
		}
	case *batchv1.CronJob:
		objects.CronJobs = append(objects.CronJobs, *object)
	case *corev1.Pod:
		if object.Labels[manifest.LabelRun] == "" {
			objects.Pods = append(objects.Pods, *object)
		}
	case *corev1.PersistentVolumeClaim:
		objects.Claims = append(objects.Claims, *object)
	case *corev1.Service:
		objects.Services = append(objects.Services, *object)
	case *autoscalingv2.HorizontalPodAutoscaler:
		objects.Autoscalers = append(objects.Autoscalers, *object)
	case *unstructured.Unstructured:
		if object.GetKind() == "CustomResourceDefinition" {
			objects.Definitions = append(objects.Definitions, *object)
		} else {
			objects.Custom = append(objects.Custom, *object)
		}
	}
}

// restartable names a service's workloads that kubectl can restart.
func (s *state) restartable(service string) []string {
	objects := s.service(service)
	var names []string
	for _, object := range objects.Deployments {
		names = append(names, "deployment.apps/"+object.Name)
	}
	for _, object := range objects.StatefulSets {
		names = append(names, "statefulset.apps/"+object.Name)
	}
	for _, object := range objects.DaemonSets {
		names = append(names, "daemonset.apps/"+object.Name)
	}
	return names
}
