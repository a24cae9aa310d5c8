package rollout

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skycap/skycap/pkg/skycap"
)

// restartsUntilBroken is how often one container may crash before waiting ends.
const restartsUntilBroken = 3

func owned(owners []metav1.OwnerReference, by types.UID) bool {
	return slices.ContainsFunc(owners, func(owner metav1.OwnerReference) bool { return owner.UID == by })
}

// withTrouble adds to an assessment what ails the pods, the worst first.
func (o Objects) withTrouble(pods []corev1.Pod, assessment Assessment) Assessment {
	var worst trouble
	for _, pod := range pods {
		for _, found := range troubles(pod) {
			if gradeRank(found.grade) > gradeRank(worst.grade) {
				worst = found
			}
			assessment.Evidence = append(assessment.Evidence, found.String())
		}
	}
	if worst.grade == "" {
		return assessment
	}
	assessment.Message += ": " + worst.String()
	if worst.grade != skycap.GradeTransient {
		assessment.State = skycap.StateDegraded
	}
	if gradeRank(worst.grade) > gradeRank(assessment.Grade) {
		assessment.Grade = worst.grade
	}
	return assessment
}

func gradeRank(grade skycap.Grade) int {
	return slices.Index([]skycap.Grade{"", skycap.GradeTransient, skycap.GradePersistent, skycap.GradeFatal}, grade)
}

// trouble is one thing that keeps a pod from being ready.
type trouble struct {
	pod, container, reason, message string
	grade                           skycap.Grade
}

func (t trouble) String() string {
	text := fmt.Sprintf("pod %q", t.pod)
	if t.container != "" {
		text += fmt.Sprintf(" container %q", t.container)
	}
	text += ": " + t.reason
	if t.message != "" {
		text += ": " + t.message
	}
	return text
}

// troubles looks at a pod's containers, init containers first, and at its scheduling.
func troubles(pod corev1.Pod) []trouble {
	var found []trouble
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			found = append(found, trouble{pod: pod.Name, reason: condition.Reason, message: condition.Message, grade: skycap.GradeTransient})
		}
	}
	for _, status := range append(slices.Clone(pod.Status.InitContainerStatuses), pod.Status.ContainerStatuses...) {
		trouble := containerTrouble(pod.Name, status)
		if trouble.reason == "" {
			trouble = notReady(pod, status)
		}
		if trouble.reason != "" {
			found = append(found, trouble)
		}
	}
	return found
}

// cannotStart is what the runtime says of a program that will never run, as
// against a node that can't start it right now.
var cannotStart = regexp.MustCompile(`executable file not found|no such file or directory|permission denied|exec format error`)

func containerTrouble(pod string, status corev1.ContainerStatus) trouble {
	waiting := status.State.Waiting
	if waiting == nil || waiting.Reason == "ContainerCreating" || waiting.Reason == "PodInitializing" {
		return trouble{}
	}
	found := trouble{pod: pod, container: status.Name, reason: waiting.Reason, message: waiting.Message, grade: skycap.GradeTransient}
	switch waiting.Reason {
	case "InvalidImageName", "ErrImageNeverPull":
		found.grade = skycap.GradeFatal
	case "CreateContainerConfigError":
		// The kubelet says this as well while its cache is not filled yet.
		if !strings.Contains(waiting.Message, "failed to sync") {
			found.grade = skycap.GradeFatal
		}
	case "CreateContainerError", "RunContainerError", "StartError":
		if cannotStart.MatchString(waiting.Message) {
			found.grade = skycap.GradeFatal
		}
	case "CrashLoopBackOff":
		if status.RestartCount >= restartsUntilBroken {
			found.grade = skycap.GradePersistent
		}
		if last := status.LastTerminationState.Terminated; last != nil {
			found.message = fmt.Sprintf("exit code %d (%s), restarted %d times", last.ExitCode, last.Reason, status.RestartCount)
		}
	}
	return found
}

func barePod(pod corev1.Pod) Assessment {
	switch pod.Status.Phase {
	case corev1.PodSucceeded:
		return healthy()
	case corev1.PodFailed:
		return broken(skycap.GradeFatal, "pod %q failed: %s %s", pod.Name, pod.Status.Reason, pod.Status.Message)
	}
	if Ready(pod) {
		return healthy()
	}
	return Objects{}.withTrouble([]corev1.Pod{pod}, progressing("pod %q is not ready", pod.Name))
}

// Ready reports whether a pod takes traffic.
func Ready(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
	})
}

// notReady tells of a container that runs and doesn't take traffic. That has no
// grade: each container is so for a while.
func notReady(pod corev1.Pod, status corev1.ContainerStatus) trouble {
	if status.State.Running == nil || status.Ready {
		return trouble{}
	}
	found := trouble{pod: pod.Name, container: status.Name, reason: "NotReady", message: "it runs, and isn't ready"}
	for _, container := range pod.Spec.Containers {
		switch {
		case container.Name != status.Name:
		case container.StartupProbe != nil && status.Started != nil && !*status.Started:
			found.message = "its startup probe does not pass: " + describe(container.StartupProbe)
		case container.ReadinessProbe != nil:
			found.message = "its readiness probe does not pass: " + describe(container.ReadinessProbe)
		}
	}
	return found
}

// describe says what a probe asks.
func describe(probe *corev1.Probe) string {
	switch {
	case probe.HTTPGet != nil:
		return fmt.Sprintf("GET %s on port %s", probe.HTTPGet.Path, probe.HTTPGet.Port.String())
	case probe.TCPSocket != nil:
		return "a connection to port " + probe.TCPSocket.Port.String()
	case probe.GRPC != nil:
		return fmt.Sprintf("gRPC health on port %d", probe.GRPC.Port)
	case probe.Exec != nil:
		return fmt.Sprintf("command %q", probe.Exec.Command)
	}
	return "it asks nothing"
}
