package rollout

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	grace        = 10 * time.Second // for a program that answers, and answers wrongly
	warmUpBudget = time.Minute      // for one that does not answer yet
)

// unready tells of a container that runs and does not pass its probe.
func (c container) unready() (finding, bool) {
	running := c.status.State.Running
	if running == nil || c.status.Ready || c.role == "init container" {
		return finding{}, false
	}
	if c.spec.StartupProbe != nil && c.status.Started != nil && !*c.status.Started {
		return c.starting(running), true
	}
	if c.spec.ReadinessProbe == nil {
		return finding{}, false
	}
	last := final(c.since(running.StartedAt.Time, c.unhealthy("Readiness")))
	since, says := c.unreadySince(running), answer(last.message)
	found := c.finding(rankNotReady, "Unhealthy", since, "%s is not ready: its readiness probe %s %s", c, describe(c.spec.ReadinessProbe), says)
	found.Cause, found.Message = strings.TrimSuffix(found.Cause, " (Unhealthy)"), last.message
	budget := max(c.readyBudget(), warmUpBudget)
	if decided(says) {
		budget = max(c.readyBudget(), grace)
	}
	return found.within(c.budget(budget)).proven(last), true
}

// starting tells of a container that its startup probe still holds back: that
// has no budget, since the kubelet restarts it when the probe's is used up.
func (c container) starting(running *corev1.ContainerStateRunning) finding {
	last := final(c.since(running.StartedAt.Time, c.unhealthy("Startup")))
	found := c.finding(rankNotReady, "Unhealthy", running.StartedAt.Time, "%s has not started: its startup probe %s %s",
		c, describe(c.spec.StartupProbe), answer(last.message))
	found.Cause, found.Message = strings.TrimSuffix(found.Cause, " (Unhealthy)"), last.message
	found.ends = found.Since.Add(c.startupBudget() + max(c.readyBudget(), warmUpBudget))
	return found.proven(last)
}

// unreadySince is when the readiness probe began to count: the latest of when
// the container began, when its startup probe let it, and when it was ready last.
func (c container) unreadySince(running *corev1.ContainerStateRunning) time.Time {
	return latest(running.StartedAt.Time, final(c.unhealthy("Startup")).last, conditionTime(c.pod, corev1.PodReady))
}

// since returns those of the events that happened in this run of the container.
func (c container) since(start time.Time, events []event) []event {
	var found []event
	for _, e := range events {
		if !e.last.Before(start) {
			found = append(found, e)
		}
	}
	return found
}
