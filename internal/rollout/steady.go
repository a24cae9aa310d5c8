package rollout

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

// steadyTime is how long a container must run that was restarted, to be taken
// for healthy: one without a readiness probe is ready as soon as it runs, even
// between two crashes.
const steadyTime = 10 * time.Second

// steady returns a healthy assessment only if no pod came back a moment ago.
func (v *view) steady(assessment Assessment, pods []corev1.Pod) Assessment {
	if assessment.State != skycap.StateHealthy || v.now.IsZero() {
		return assessment
	}
	for _, pod := range pods {
		i := instance{view: v, pod: pod, patience: 1, events: v.eventsOf("Pod", pod.ObjectMeta)}
		for _, c := range i.containers() {
			running, end := c.status.State.Running, c.lastEnd()
			if running == nil || end == nil || !v.now.Before(running.StartedAt.Add(steadyTime)) {
				continue
			}
			found := c.finding(rankCrash, end.Reason, end.FinishedAt.Time, "%s was restarted a moment ago: the last time it %s",
				c, exitInWords("exited", end, c.spec))
			found.Message = end.Message
			if kill, ok := c.restartedByProbe(); ok {
				found.Finding, found.events = kill.Finding, kill.events
				found.Grade = skycap.GradeTransient
			}
			assessment = v.conclude(Assessment{State: skycap.StateProgressing, Message: "all pods ready"}, []finding{found})
			assessment.Next = earliest(assessment.Next, running.StartedAt.Add(steadyTime))
			return assessment
		}
	}
	return assessment
}
