package kubernetes

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

func (n *Namespace) jobs() string { return n.path("apis/batch/v1", "jobs") }

// Run creates the jobs of a phase and waits until each is complete. One that is
// there already is of a deploy of this release that was cut off: it is waited for.
// Jobs need what they refer to: before the first, that is applied.
func (n *Namespace) Run(
	ctx context.Context, plan target.Plan, number int, services []release.Service, phase target.Phase, watch target.Log,
) (changed bool, err error) {
	var jobs []manifest.Object
	for _, service := range services {
		for _, object := range service.Objects {
			if object.Phase() == string(phase) {
				jobs = append(jobs, object.ForRelease(number))
			}
		}
	}
	if len(jobs) == 0 {
		return false, nil
	}
	if changed, err = n.applyThose(ctx, plan, services, isNeededByJobs); err != nil {
		return changed, err
	}
	work, ctx := errgroup.WithContext(ctx)
	for _, job := range jobs {
		work.Go(func() error { return n.runJob(ctx, job, phase, watch) })
	}
	return true, work.Wait()
}

// isNeededByJobs reports whether pods can refer to an object.
func isNeededByJobs(object manifest.Object) bool {
	return slices.Contains([]string{"ServiceAccount", "Role", "RoleBinding", "Secret", "ConfigMap", "PersistentVolumeClaim"}, object.GetKind())
}

func (n *Namespace) runJob(ctx context.Context, job manifest.Object, phase target.Phase, watch target.Log) error {
	err := n.proxy.Persist(ctx, func() error {
		return n.proxy.Create(ctx, n.jobs(), url.Values{"fieldManager": {kubectl.FieldManager}}, job.Unstructured, nil)
	})
	if err != nil && !failedFor(err, kubectl.Exists) {
		return fmt.Errorf("create %s: %w", job, err)
	}
	service := job.GetLabels()[manifest.LabelService]
	streaming, stop := context.WithCancel(ctx)
	defer stop()
	stream := &jobLog{namespace: n, watch: func(line string) { watch(service, job.GetName(), line) }, streamed: map[string]bool{}}
	assessment, err := n.waitForJob(ctx, streaming, job, stream)
	stream.end(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		return &target.JobError{Service: service, Job: job.GetName(), Phase: phase, Cause: "it has not ended in time, and runs on", Evidence: stream.tail()}
	}
	if err != nil {
		return err
	}
	if assessment.State == skycap.StateDegraded {
		return &target.JobError{
			Service: service, Job: job.GetName(), Phase: phase, Cause: cmp.Or(assessment.Cause, assessment.Message),
			Evidence: append(assessment.Evidence, stream.tail()...),
		}
	}
	return nil
}

// waitForJob follows the job, its pods and the events, until it has ended.
func (n *Namespace) waitForJob(ctx, streaming context.Context, job manifest.Object, log *jobLog) (rollout.Assessment, error) {
	all := []collection{
		{path: n.jobs(), query: url.Values{"fieldSelector": {"metadata.name=" + job.GetName()}}, empty: &batchv1.Job{}},
		{path: n.path("api/v1", "pods"), query: url.Values{"labelSelector": {"batch.kubernetes.io/job-name=" + job.GetName()}}, empty: &corev1.Pod{}},
		n.events(),
	}
	current := n.following(ctx, all)
	defer current.close()
	for {
		select {
		case err := <-current.ended:
			return rollout.Assessment{}, err
		case <-current.changed:
		}
		if !current.complete() {
			continue
		}
		objects := current.job(all)
		for _, pod := range objects.Pods {
			log.follow(streaming, pod)
		}
		if len(objects.Jobs) == 0 {
			return rollout.Assessment{State: skycap.StateDegraded, Grade: skycap.GradeFatal, Cause: "it was deleted while it ran"}, nil
		}
		objects.Proven = n.proven
		assessment := rollout.Assess(objects, n.proxy.Now())
		if assessment.State == skycap.StateHealthy || assessment.Broken() {
			return assessment, nil
		}
	}
}

// job is the state of a job that is followed alone.
func (s *state) job(all []collection) rollout.Objects {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var objects rollout.Objects
	for _, of := range all {
		for _, object := range s.objects[of.path] {
			switch object := object.(type) {
			case *batchv1.Job:
				objects.Jobs = append(objects.Jobs, *object)
			case *corev1.Pod:
				objects.Pods = append(objects.Pods, *object)
			case *corev1.Event:
				objects.Events = append(objects.Events, *object)
			}
		}
	}
	return objects
}

// ran reports whether all jobs of a recorded release have completed.
func (n *Namespace) ran(ctx context.Context, r *release.Release, number int) (bool, error) {
	for _, object := range r.Objects() {
		if object.Phase() == "" || !object.RunsIn(r.Kind == release.Rollback) {
			continue
		}
		var job batchv1.Job
		err := n.proxy.Get(ctx, n.jobs()+"/"+object.ForRelease(number).GetName(), nil, &job)
		if failedFor(err, kubectl.NotFound) {
			return false, nil
		}
		isComplete := func(c batchv1.JobCondition) bool {
			return c.Type == batchv1.JobComplete && c.Status == corev1.ConditionTrue
		}
		if err != nil || !slices.ContainsFunc(job.Status.Conditions, isComplete) {
			return false, err
		}
	}
	return true, nil
}

// tailLines is how many of its last lines a failed job is explained with.
const tailLines = 20

// jobLog streams the logs of a job's pods, each container once.
type jobLog struct {
	namespace *Namespace
	watch     func(line string)

	streams  sync.WaitGroup
	mutex    sync.Mutex
	streamed map[string]bool
	last     []string
}

func (l *jobLog) follow(ctx context.Context, pod corev1.Pod) {
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		started := status.State.Running != nil || status.State.Terminated != nil && !status.State.Terminated.StartedAt.IsZero()
		key := pod.Name + "/" + status.ContainerID
		l.mutex.Lock()
		known := l.streamed[key]
		l.streamed[key] = known || started
		l.mutex.Unlock()
		if started && !known {
			l.streams.Go(func() { l.stream(ctx, pod.Name, status.Name) })
		}
	}
}

func (l *jobLog) stream(ctx context.Context, pod, container string) {
	log, err := l.namespace.proxy.Stream(ctx, l.namespace.path("api/v1", "pods")+"/"+pod+"/log",
		url.Values{"container": {container}, "follow": {"true"}})
	if err != nil {
		return // the job's own state tells what is wrong
	}
	defer func() { _ = log.Close() }()
	for reader := bufio.NewReader(log); ; {
		line, err := reader.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			l.watch(line)
			l.mutex.Lock()
			l.last = append(l.last, "log of "+container+": "+line)
			l.last = l.last[max(0, len(l.last)-tailLines):]
			l.mutex.Unlock()
		}
		if err != nil {
			return
		}
	}
}

// logGrace is how long a log may take to end after its job.
const logGrace = 2 * time.Second

// end waits until all that was written is told: the streams end with their
// containers, or are stopped after a while.
func (l *jobLog) end(stop context.CancelFunc) {
	late := time.AfterFunc(logGrace, stop)
	defer late.Stop()
	l.streams.Wait()
}

func (l *jobLog) tail() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.Clone(l.last)
}

// clearJobs deletes the jobs that former releases have run for services. Those of
// a failed one were kept until now, for people to look at.
func (n *Namespace) clearJobs(ctx context.Context, services []string, number int) error {
	jobs, err := n.proxy.Metadata(ctx, n.jobs(), n.selector(","+manifest.LabelRun))
	if err != nil {
		return err
	}
	suffix := fmt.Sprintf("-r%d", number)
	for _, job := range jobs {
		if !slices.Contains(services, job.Labels[manifest.LabelService]) || strings.HasSuffix(job.Name, suffix) {
			continue
		}
		if err := n.proxy.Delete(ctx, n.jobs()+"/"+job.Name, metav1.Preconditions{UID: &job.UID}); err != nil {
			return err
		}
	}
	return nil
}
