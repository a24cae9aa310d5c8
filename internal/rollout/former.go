package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

// failing are the ailments of pods that fail beyond doubt, not of those that
// only are not ready yet.
func (v *view) failing(pods []corev1.Pod) []finding {
	var found []finding
	for _, f := range v.ailments(pods, false) {
		f = f.judged(v.now, time.Time{})
		if f.rank > rankGate && (f.Grade != skycap.GradeTransient || f.rank == rankCrash || f.rank == rankProbe) {
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, worseFirst)
	return found
}

// heldUp tells of a stateful set that does not go on since a pod of the former
// revision is broken: Kubernetes waits for that pod to be ready, and leaves it as it is.
func (v *view) heldUp(set string, former []corev1.Pod) []finding {
	former = slices.Clone(former)
	slices.SortFunc(former, func(a, b corev1.Pod) int { return cmp.Or(len(a.Name)-len(b.Name), cmp.Compare(a.Name, b.Name)) })
	for _, pod := range former {
		for _, broken := range v.failing([]corev1.Pod{pod}) {
			found := transient(rankMissing, set, "", broken.Since,
				"%s waits for pod %q of the former revision, which is broken (%s) and which Kubernetes doesn't replace by itself",
				set, pod.Name, strings.ReplaceAll(strings.TrimSuffix(broken.Cause, ")"), " (", ", ")).within(5 * time.Second)
			found.Pod, found.Container, found.Reason, found.Message = pod.Name, broken.Container, broken.Reason, broken.Message
			found.Hint = "delete pod " + pod.Name
			found.events = broken.events
			return []finding{found}
		}
	}
	return nil
}

// withFormer says whether pods of the former release fail as well.
func (v *view) withFormer(assessment Assessment, former []corev1.Pod) Assessment {
	if assessment.Cause == "" || assessment.Hint != "" {
		return assessment
	}
	for _, found := range v.failing(former) {
		assessment.FormerFails = true
		fact := fmt.Sprintf("pods of the former release fail as well, so it may not be this one: pod %q: %s", found.Pod, found.Cause)
		assessment.Evidence = append(assessment.Evidence[:min(len(assessment.Evidence), evidenceLines-1)], fact)
		return assessment
	}
	return assessment
}
