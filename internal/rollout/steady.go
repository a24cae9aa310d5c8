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
			if running == nil || !v.now.Before(running.StartedAt.Add(steadyTime+c.stopTime())) {
				continue
			}
			if end := c.lastEnd(); end != nil && v.now.Before(running.StartedAt.Add(steadyTime)) {
				return v.unsteady(c, end, running.StartedAt.Add(steadyTime))
			}
			if failing, fails := c.failsLiveness(running.StartedAt.Time); fails {
				return v.conclude(Assessment{State: skycap.StateProgressing, Message: "all pods ready"}, []finding{failing})
			}
			if why, watched := c.watched(); v.now.Before(running.StartedAt.Add(watched)) {
				assessment = progressing("all pods run: %s %s, so it is watched for %s", c, why, watched)
				assessment.Next = running.StartedAt.Add(watched)
			}
		}
	}
	return assessment
}

// stopTime is how long a container that is being restarted may go on running.
func (c container) stopTime() time.Duration {
	if c.spec.LivenessProbe == nil || c.pod.Spec.TerminationGracePeriodSeconds == nil {
		return 0
	}
	return time.Duration(*c.pod.Spec.TerminationGracePeriodSeconds) * time.Second
}

// failsLiveness tells of a container that runs, and whose liveness probe has failed
// since it started: it is going to be restarted, or has failed just now.
func (c container) failsLiveness(started time.Time) (finding, bool) {
	failed, kills := c.unhealthy("Liveness"), among(c.own, "Killing", "failed liveness probe")
	last, killed := final(failed), final(kills).last.After(started)
	recent := last.last.After(started) && c.now.Before(last.last.Add(2*probePeriod(c.spec.LivenessProbe)))
	if !killed && !recent {
		return finding{}, false
	}
	found := c.finding(rankProbe, "Unhealthy", last.last, "%s fails its liveness probe: %s %s", c, describe(c.probe("Liveness")), answer(last.message))
	found.Message = last.message
	if recent && !killed {
		found.ends = last.last.Add(2 * probePeriod(c.spec.LivenessProbe))
		found.Grade = skycap.GradeTransient
	}
	return found, true
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
