// Package rollout says what healthy means and what broken means: pure functions
// over the objects of a service, as the cluster has them.
package rollout

import (
	"cmp"
	"fmt"
	"slices"
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
	Quotas       []corev1.ResourceQuota // of the namespace
	Autoscalers  []autoscalingv2.HorizontalPodAutoscaler
	Definitions  []unstructured.Unstructured // CustomResourceDefinitions
	Custom       []unstructured.Unstructured // of any other kind

	// Events are those of the namespace; they may concern others as well.
	Events []corev1.Event
	// Nodes are those that SuspectNodes named: nil for one that is not there.
	Nodes map[string]*corev1.Node
	// Proven are the image digests that a registry has shown to exist, when they were deployed.
	Proven map[string]bool
	// Applied is when the release was applied, by the cluster's clock: what the
	// cluster said before may be cured by it. Zero when that is not known.
	Applied time.Time
}

// Assessment is how a service is.
type Assessment struct {
	State    skycap.State
	Message  string       // what it waits for, or what is wrong
	Grade    skycap.Grade // of what is wrong; empty when nothing is
	Cause    string       // what is wrong, in one sentence; empty when nothing is
	Evidence []string     // the facts that prove the cause, the strongest first
	Hint     string       // what cures it, where it is one command: in Kubernetes the arguments of kubectl, without context and namespace

	Findings    []Finding // all that was found, the worst first
	FormerFails bool      // pods of the former release fail as well
	Partial     bool      // some instances were changed, and others left as they were
	Tolerated   bool      // no more failed than were allowed to: the rest was changed all the same, and nothing goes back
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
	Hint      string    // what cures it, where it is one command: the arguments of kubectl, without context and namespace
}

// Broken reports whether waiting any longer is of no use.
func (a Assessment) Broken() bool {
	return a.State == skycap.StateDegraded && a.Grade != skycap.GradeTransient
}

// Assess judges a service by its worst workload, at a time of the cluster's
// clock. At the zero time no budget ends.
func Assess(objects Objects, now time.Time) Assessment {
	v := newView(objects, now)
	worst := Assessment{State: skycap.StateAbsent, Message: "nothing of it is there"}
	for _, found := range v.workloads() {
		worst = worst.and(found)
	}
	for _, found := range v.others() {
		// What runs nothing can't make a service healthy that is stopped.
		idles := worst.State == skycap.StateStopped && found.State == skycap.StateProgressing && found.Grade == ""
		if found.State == skycap.StateHealthy && worst.State != skycap.StateAbsent || idles {
			worst = worst.noting(found.Message)
		} else {
			worst = worst.and(found)
		}
	}
	return worst
}

func (v *view) workloads() []Assessment {
	var found []Assessment
	for _, deployment := range v.Deployments {
		found = append(found, v.deployment(deployment))
	}
	for _, set := range v.StatefulSets {
		found = append(found, v.statefulSet(set))
	}
	for _, set := range v.DaemonSets {
		found = append(found, v.daemonSet(set))
	}
	for _, job := range v.CronJobs {
		found = append(found, cronJob(job))
	}
	for _, pod := range v.Pods {
		if len(pod.OwnerReferences) == 0 && pod.DeletionTimestamp == nil {
			found = append(found, v.barePod(pod))
		}
	}
	return found
}

// and returns the worse of two assessments, with what was found in both.
func (a Assessment) and(b Assessment) Assessment {
	if cmp.Or(severity(a.State)-severity(b.State), gradeRank(a.Grade)-gradeRank(b.Grade)) < 0 {
		a, b = b, a
	}
	if a.State == b.State && a.Message == "" {
		a.Message = b.Message
	}
	if a.State == skycap.StateHealthy && b.State == skycap.StateStopped {
		a = a.noting(b.Message)
	}
	a.Findings = append(slices.Clone(a.Findings), b.Findings...)
	a.Next, a.FormerFails = earliest(a.Next, b.Next), a.FormerFails || b.FormerFails
	return a
}

// noting adds what is worth knowing, though nothing is wrong with it.
func (a Assessment) noting(note string) Assessment {
	switch {
	case note == "":
	case a.Message == "":
		a.Message = note
	default:
		a.Evidence = append(slices.Clone(a.Evidence), note)
	}
	return a
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
