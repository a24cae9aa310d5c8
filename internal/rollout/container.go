package rollout

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// container is one of a pod, init containers and sidecars included.
type container struct {
	instance
	role   string // as people call its kind
	spec   corev1.Container
	status corev1.ContainerStatus
	own    []event
}

func (i instance) containers() []container {
	var found []container
	for _, status := range append(slices.Clone(i.pod.Status.InitContainerStatuses), i.pod.Status.ContainerStatuses...) {
		found = append(found, i.container(status))
	}
	return found
}

func (i instance) container(status corev1.ContainerStatus) container {
	c := container{instance: i, role: "container", status: status}
	named := func(spec corev1.Container) bool { return spec.Name == status.Name }
	if at := slices.IndexFunc(i.pod.Spec.Containers, named); at >= 0 {
		c.spec = i.pod.Spec.Containers[at]
	} else if at := slices.IndexFunc(i.pod.Spec.InitContainers, named); at >= 0 {
		c.spec, c.role = i.pod.Spec.InitContainers[at], "init container"
		if c.spec.RestartPolicy != nil && *c.spec.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			c.role = "sidecar"
		}
	}
	for _, e := range i.events {
		if e.container == status.Name {
			c.own = append(c.own, e)
		}
	}
	return c
}

func (c container) String() string { return c.role + " " + quoted(c.status.Name) }

func (c container) finding(rank rank, reason string, since time.Time, format string, values ...any) finding {
	found := c.instance.finding(rank, reason, since, format, values...)
	found.Container = c.status.Name
	return found
}

func (c container) ailments() []finding {
	var found []finding
	for _, look := range []func() (finding, bool){c.unpulled, c.uncreated, c.unstarted, c.killed, c.crashed} {
		if f, ok := look(); ok {
			found = append(found, f)
			break
		}
	}
	if f, ok := c.unready(); ok {
		found = append(found, f)
	}
	return found
}

// waits returns the reason and message of a container that does not run yet.
func (c container) waits() (reason, message string) {
	if waiting := c.status.State.Waiting; waiting != nil {
		return waiting.Reason, waiting.Message
	}
	return "", ""
}

// due is the earliest time at which the container could be made: since when the
// pod has its node, and the init containers before it are done.
func (c container) due() time.Time {
	due := c.pod.CreationTimestamp.Time
	if c.pod.Status.StartTime != nil {
		due = c.pod.Status.StartTime.Time
	}
	for _, status := range c.pod.Status.InitContainerStatuses {
		if done := status.State.Terminated; done != nil && status.Name != c.status.Name {
			due = latest(due, done.FinishedAt.Time)
		}
	}
	return due
}

// lastEnd is how the container ended last; nil when it has not, or when it was
// meant to.
func (c container) lastEnd() *corev1.ContainerStateTerminated {
	end := c.status.State.Terminated
	if end == nil {
		end = c.status.LastTerminationState.Terminated
	}
	if end == nil || end.ExitCode == 0 && c.mayEnd() {
		return nil
	}
	return end
}

// mayEnd reports whether the container may end well.
func (c container) mayEnd() bool {
	return c.role == "init container" || c.role == "container" && c.tried ||
		c.pod.Spec.RestartPolicy == corev1.RestartPolicyNever || c.pod.Spec.RestartPolicy == corev1.RestartPolicyOnFailure
}
