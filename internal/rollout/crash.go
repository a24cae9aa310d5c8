package rollout

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	restartsUntilBroken = 3                // how often one container may be restarted before waiting ends
	crashBudget         = time.Minute      // how long it may crash now and then
	loopBudget          = 30 * time.Second // how long it may crash again and again, without getting ready
	steadyRun           = 10 * time.Minute // a run as long as this is no part of a crash loop: the kubelet's back-off starts anew
)

// crashed tells of a container that ended though it should not have.
func (c container) crashed() (finding, bool) {
	end, running := c.lastEnd(), c.status.State.Running
	if end == nil || running != nil && c.status.Ready {
		return finding{}, false
	}
	loop := end.FinishedAt.Sub(end.StartedAt.Time) < steadyRun || end.StartedAt.IsZero()
	found := c.finding(rankCrash, c.crashReason(end, loop), c.firstCrash(end, loop), "%s %s", c, c.exit(end))
	found.Message = end.Message
	found = found.proven(final(among(c.own, "BackOff")))
	switch restarts := int(c.status.RestartCount); {
	case c.tried || !loop:
		// The job counts its failures itself.
	case running == nil && restarts >= c.patience*restartsUntilBroken:
		return found.persistent(), true
	case restarts >= 2 || restarts == 1 && c.status.State.Running == nil:
		budget := crashBudget
		if restarts >= 2 && running == nil {
			budget = loopBudget
		}
		found = found.within(c.budget(budget))
		if running != nil {
			found.ends = latest(found.ends, running.StartedAt.Add(c.startupBudget()+c.readyBudget()+grace))
		}
	}
	return found, true
}

// crashReason is CrashLoopBackOff from the second crash on, though Kubernetes
// says so only in between.
func (c container) crashReason(end *corev1.ContainerStateTerminated, loop bool) string {
	reason, _ := c.waits()
	switch {
	case end.Reason == "OOMKilled":
		return end.Reason
	case reason == "CrashLoopBackOff" || loop && c.status.RestartCount > 0 && c.status.State.Running == nil:
		return "CrashLoopBackOff"
	}
	return end.Reason
}

func (c container) firstCrash(end *corev1.ContainerStateTerminated, loop bool) time.Time {
	if !loop {
		return end.FinishedAt.Time
	}
	first := earliest(end.FinishedAt.Time, begin(among(c.own, "BackOff", "restarting failed container")))
	if before := c.status.LastTerminationState.Terminated; before != nil {
		first = earliest(first, before.FinishedAt.Time)
	}
	return first
}

// exit says how the container ended, and how often it was restarted.
func (c container) exit(end *corev1.ContainerStateTerminated) string {
	text := strings.TrimSuffix(exitInWords("exits", end, c.spec), " (OOMKilled)")
	switch c.status.RestartCount {
	case 0:
	case 1:
		text += ", after 1 restart"
	default:
		text += fmt.Sprintf(", after %d restarts", c.status.RestartCount)
	}
	if end.ExitCode == 0 {
		text += ": it ends, but must go on running"
	}
	return text
}

// exitInWords says what an exit code means; the verb has the tense.
func exitInWords(verb string, end *corev1.ContainerStateTerminated, spec corev1.Container) string {
	if end.Reason == "OOMKilled" {
		limit := ""
		if memory, ok := spec.Resources.Limits[corev1.ResourceMemory]; ok {
			limit = " of " + memory.String()
		}
		return "was killed for using more memory than its limit" + limit + " (OOMKilled)"
	}
	text := fmt.Sprintf("%s with code %d", verb, end.ExitCode)
	switch end.ExitCode {
	case 126:
		text += ", which often means that its command can't be executed"
	case 127:
		text += ", which often means that its command was not found"
	case 134:
		text += " (aborted, SIGABRT)"
	case 137:
		text += " (killed, SIGKILL)"
	case 139:
		text += " (segmentation fault, SIGSEGV)"
	case 143:
		text += " (asked to stop, SIGTERM)"
	}
	return text
}

// lastExit tells how the pods' latest failing container ended, as the end of a
// sentence: nothing when that is not known.
func lastExit(pods []corev1.Pod) string {
	var ended container
	var end *corev1.ContainerStateTerminated
	for _, pod := range pods {
		for _, c := range (instance{view: &view{}, pod: pod, tried: true}).containers() {
			found := c.lastEnd()
			if found != nil && (end == nil || found.FinishedAt.After(end.FinishedAt.Time)) {
				ended, end = c, found
			}
		}
	}
	if end == nil {
		return ""
	}
	return ": " + strings.TrimSpace(ended.String()+" "+exitInWords("exited", end, ended.spec))
}
