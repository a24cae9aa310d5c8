package rollout

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// describe says what a probe asks.
func describe(probe *corev1.Probe) string {
	switch {
	case probe == nil:
		return ""
	case probe.HTTPGet != nil:
		return fmt.Sprintf("GET %s on port %s", "/"+strings.TrimPrefix(probe.HTTPGet.Path, "/"), probe.HTTPGet.Port.String())
	case probe.TCPSocket != nil:
		return "a connection to port " + probe.TCPSocket.Port.String()
	case probe.GRPC != nil:
		return fmt.Sprintf("gRPC health on port %d", probe.GRPC.Port)
	case probe.Exec != nil:
		return "command " + quoted(strings.Join(probe.Exec.Command, " "))
	}
	return "it asks nothing"
}

var (
	statusCode = regexp.MustCompile(`statuscode: (\d+)`)
	noCommand  = regexp.MustCompile(`executable file not found[^:]*|no such file or directory|permission denied`)
	noAnswer   = regexp.MustCompile(`deadline exceeded|Client\.Timeout|i/o timeout|timed out|timeout`)
	probeSays  = regexp.MustCompile(`^(?:Readiness|Liveness|Startup) probe (?:failed|errored[^:]*): `)
)

// answer says what a probe got, by the kubelet's event about it.
func answer(message string) string {
	says := gist(probeSays.ReplaceAllString(oneLine(message), ""))
	switch {
	case message == "":
		return "has not passed yet"
	case statusCode.MatchString(says):
		return "answers " + match(statusCode, says)
	case strings.Contains(says, "connection refused"):
		return "is refused a connection"
	case noCommand.MatchString(says) && strings.Contains(says, "exec: "):
		return "can't be run: " + noCommand.FindString(says)
	case noAnswer.MatchString(says):
		return "gets no answer in time"
	case strings.Contains(says, "server gave HTTP response to HTTPS client"):
		return "asks by HTTPS and is answered by HTTP"
	}
	return "fails: " + says
}

// decided reports whether an answer tells that the program runs and is asked the wrong thing.
func decided(answer string) bool {
	return strings.HasPrefix(answer, "answers 4") && answer != "answers 429" && answer != "answers 408" ||
		strings.HasPrefix(answer, "can't be run") || strings.HasPrefix(answer, "asks by HTTPS")
}

// probe returns one of the container's probes by the name that events give it.
func (c container) probe(name string) *corev1.Probe {
	switch name {
	case "Liveness":
		return c.spec.LivenessProbe
	case "Startup":
		return c.spec.StartupProbe
	}
	return c.spec.ReadinessProbe
}

// unhealthy are the events about a failing probe.
func (c container) unhealthy(name string) []event {
	return append(among(c.own, "Unhealthy", name+" probe failed"), among(c.own, "Unhealthy", name+" probe errored")...)
}

// probePeriod is the time between two probes.
func probePeriod(probe *corev1.Probe) time.Duration {
	if probe == nil || probe.PeriodSeconds == 0 {
		return 10 * time.Second // the default of Kubernetes
	}
	return time.Duration(probe.PeriodSeconds) * time.Second
}

// probeBudget is how long a probe may fail before that means something.
func probeBudget(probe *corev1.Probe) time.Duration {
	if probe == nil {
		return 0
	}
	period, failures, timeout := max(1, probe.PeriodSeconds), max(1, probe.FailureThreshold), max(1, probe.TimeoutSeconds)
	if probe.PeriodSeconds == 0 {
		period = 10 // the default of Kubernetes
	}
	if probe.FailureThreshold == 0 {
		failures = 3
	}
	return time.Duration(probe.InitialDelaySeconds+failures*period+timeout) * time.Second
}

// startupBudget is what is left to a container that has not started.
func (c container) startupBudget() time.Duration {
	if c.status.Started != nil && *c.status.Started {
		return 0
	}
	return probeBudget(c.spec.StartupProbe)
}

func (c container) readyBudget() time.Duration { return probeBudget(c.spec.ReadinessProbe) }

// killed tells of a container that is down or not ready since a probe has it restarted.
func (c container) killed() (finding, bool) {
	if c.status.State.Running != nil && c.status.Ready {
		return finding{}, false
	}
	return c.restartedByProbe()
}

// restartedByProbe tells of a container that the kubelet ended last since a probe failed.
func (c container) restartedByProbe() (finding, bool) {
	end, name := c.lastEnd(), "Liveness"
	kills := among(c.own, "Killing", "failed liveness probe")
	if startup := among(c.own, "Killing", "failed startup probe"); final(startup).last.After(final(kills).last) {
		name, kills = "Startup", startup
	}
	running := c.status.State.Running
	if end == nil || len(kills) == 0 || final(kills).last.Before(end.StartedAt.Time) {
		return finding{}, false
	}
	failed := c.unhealthy(name)
	last := final(failed)
	found := c.finding(rankProbe, "Unhealthy", earliest(begin(failed), begin(kills)), "%s is restarted since its %s probe fails: %s %s",
		c, strings.ToLower(name), describe(c.probe(name)), answer(last.message)).within(c.budget(time.Minute))
	found.Cause, found.Message = strings.TrimSuffix(found.Cause, " (Unhealthy)"), last.message
	if running != nil {
		found.ends = latest(found.ends, running.StartedAt.Add(c.startupBudget()+c.readyBudget()))
	}
	times := 0
	for _, kill := range kills {
		times += int(kill.count)
	}
	if times >= 2*c.patience {
		found = found.persistent()
	}
	return found.proven(last, final(kills)), true
}
