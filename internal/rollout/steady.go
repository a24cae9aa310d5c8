package rollout

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

// steadyTime is how long a container must run to be taken for healthy that was
// restarted, or that has no readiness probe: such a one is ready as soon as it
// runs, and so in the seconds before it crashes too.
const steadyTime = 15 * time.Second

// steady returns a healthy assessment only if no pod came back a moment ago, and
// none that nothing probes has only just started.
func (v *view) steady(assessment Assessment, pods []corev1.Pod) Assessment {
	if assessment.State != skycap.StateHealthy || v.now.IsZero() {
		return assessment
	}
	for _, pod := range pods {
		i := instance{view: v, pod: pod, patience: 1, events: v.eventsOf("Pod", pod.ObjectMeta)}
		for _, c := range i.containers() {
			running := c.status.State.Running
			if running == nil || !v.now.Before(running.StartedAt.Add(steadyTime)) {
				continue
			}
			if end := c.lastEnd(); end != nil {
				return v.unsteady(c, end, running.StartedAt.Add(steadyTime))
			}
			if why, watched := c.watched(); v.now.Before(running.StartedAt.Add(watched)) {
				assessment = progressing("all pods run: %s %s, so it is watched for %s", c, why, watched)
				assessment.Next = running.StartedAt.Add(watched)
			}
		}
	}
	return assessment
}

// watched is why and for how long a container that is ready is watched from its start on.
func (c container) watched() (why string, watched time.Duration) {
	liveness := c.spec.LivenessProbe
	switch {
	case c.role != "container":
		return "", 0
	case c.spec.ReadinessProbe == nil:
		return "has no readiness probe", steadyTime
	case liveness != nil:
		first := time.Duration(liveness.InitialDelaySeconds+max(1, liveness.PeriodSeconds)+max(1, liveness.TimeoutSeconds)) * time.Second
		return "was not seen yet by its liveness probe", min(steadyTime, first)
	}
	return "", 0
}

// unsteady tells of a container that came back a moment ago.
func (v *view) unsteady(c container, end *corev1.ContainerStateTerminated, steady time.Time) Assessment {
	found := c.finding(rankCrash, end.Reason, end.FinishedAt.Time, "%s was restarted a moment ago: the last time it %s",
		c, exitInWords("exited", end, c.spec))
	found.Message = end.Message
	if kill, ok := c.restartedByProbe(); ok {
		found.Finding, found.events = kill.Finding, kill.events
		found.Grade = skycap.GradeTransient
	}
	assessment := v.conclude(Assessment{State: skycap.StateProgressing, Message: "all pods ready"}, []finding{found})
	assessment.Next = earliest(assessment.Next, steady)
	return assessment
}
