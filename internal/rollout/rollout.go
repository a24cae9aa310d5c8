// Package rollout says what healthy means and what broken means: pure functions
// over the objects of a service, as the cluster has them.
package rollout

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/pkg/skycap"
)

// Objects are those of one service as the cluster has them, and what they own.
type Objects struct {
	Deployments  []appsv1.Deployment
	StatefulSets []appsv1.StatefulSet
	DaemonSets   []appsv1.DaemonSet
	ReplicaSets  []appsv1.ReplicaSet
	Jobs         []batchv1.Job
	CronJobs     []batchv1.CronJob
	Pods         []corev1.Pod
	Claims       []corev1.PersistentVolumeClaim
	Services     []corev1.Service
	Autoscalers  []autoscalingv2.HorizontalPodAutoscaler
	Definitions  []unstructured.Unstructured // CustomResourceDefinitions
	Custom       []unstructured.Unstructured // of any other kind

	// Events are those of the namespace; they may concern others as well.
	Events []corev1.Event
	// Nodes are those that SuspectNodes named: nil for one that is not there.
	Nodes map[string]*corev1.Node
	// Proven are the image digests that the registry has shown to exist.
	Proven map[string]bool
}

// Assessment is how a service is.
type Assessment struct {
	State    skycap.State
	Message  string       // what it waits for, or what is wrong
	Grade    skycap.Grade // of what is wrong; empty when nothing is
	Cause    string       // what is wrong, in one sentence; empty when nothing is
	Evidence []string     // the facts that prove the cause, the strongest first
	Hint     string       // the command that cures it, where there is just one

	Findings    []Finding // all that was found, the worst first
	FormerFails bool      // pods of the former release fail as well
	Next        time.Time // when to judge again though nothing changes: a budget ends; zero for never
}

// Finding is one thing that keeps a service from being healthy.
type Finding struct {
	Object    string // as in pod "web-1"
	Pod       string // its name, where it is of a pod
	Container string // its name, where it is of a container
	Reason    string // as Kubernetes calls it: CrashLoopBackOff
	Cause     string // one sentence for people
	Message   string // what Kubernetes says of it
	Grade     skycap.Grade
	Since     time.Time // when the cluster first showed it
	Hint      string    // the command that cures it, where there is just one
}

// Broken reports whether waiting any longer is of no use.
func (a Assessment) Broken() bool {
	return a.State == skycap.StateDegraded && a.Grade != skycap.GradeTransient
}

// Assess judges a service by its worst workload, at a time of the cluster's clock.
func Assess(objects Objects, _ time.Time) Assessment {
	worst := Assessment{State: skycap.StateAbsent, Message: "nothing of it is there"}
	consider := func(found Assessment) {
		if severity(found.State) > severity(worst.State) {
			worst = found
		}
	}
	for _, deployment := range objects.Deployments {
		consider(objects.deployment(deployment))
	}
	for _, set := range objects.StatefulSets {
		consider(objects.statefulSet(set))
	}
	for _, set := range objects.DaemonSets {
		consider(objects.daemonSet(set))
	}
	for _, job := range objects.Jobs {
		if !ownedBy(job.OwnerReferences, "CronJob") {
			consider(objects.job(job))
		}
	}
	for _, pod := range objects.Pods {
		if len(pod.OwnerReferences) == 0 {
			consider(barePod(pod))
		}
	}
	return worst
}

func severity(state skycap.State) int {
	switch state {
	case skycap.StateAbsent:
		return 0
	case skycap.StateStopped:
		return 1
	case skycap.StateHealthy:
		return 2
	case skycap.StateProgressing:
		return 3
	default:
		return 4
	}
}

func ownedBy(owners []metav1.OwnerReference, kind string) bool {
	for _, owner := range owners {
		if owner.Kind == kind {
			return true
		}
	}
	return false
}

func healthy() Assessment { return Assessment{State: skycap.StateHealthy} }

func progressing(format string, values ...any) Assessment {
	return Assessment{State: skycap.StateProgressing, Message: fmt.Sprintf(format, values...)}
}

func broken(grade skycap.Grade, format string, values ...any) Assessment {
	return Assessment{State: skycap.StateDegraded, Grade: grade, Message: fmt.Sprintf(format, values...)}
}
