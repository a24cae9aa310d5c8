package rollout

import (
	"fmt"
	"regexp"
	"time"

	corev1 "k8s.io/api/core/v1"
)

var (
	// The kubelet says these as well while it does not know everything yet.
	notYetKnown = regexp.MustCompile(`failed to sync|not registered|not yet been read|no relationship found|timed? ?out|deadline exceeded|connection refused|etcdserver`)
	noKey       = regexp.MustCompile(`couldn't find key (\S+) in (ConfigMap|Secret) (?:[^/\s]+/)?(\S+)`)
	noObject    = regexp.MustCompile(`(?i)\b(configmap|secret) "([^"]+)" not found`)
	place       = regexp.MustCompile(` \(pod: .*\)$`)
	noMountKey  = regexp.MustCompile(`(configmap|secret)s? references non-existent (?:config|secret) key: (\S+)`)
)

// missing says which object or key does not exist; nothing when it is not about that.
func missing(message string) string {
	if found := noKey.FindStringSubmatch(message); found != nil {
		return fmt.Sprintf("%s %q has no key %q", found[2], found[3], found[1])
	}
	if found := noObject.FindStringSubmatch(message); found != nil {
		return fmt.Sprintf("%s %q does not exist", kindName(found[1]), found[2])
	}
	return ""
}

func kindName(word string) string {
	if word == "secret" || word == "Secret" {
		return "Secret"
	}
	return "ConfigMap"
}

// uncreated tells of a container whose settings can't be put together.
func (c container) uncreated() (finding, bool) {
	reason, message := c.waits()
	if reason != "CreateContainerConfigError" {
		return finding{}, false
	}
	failed := among(c.own, "Failed", message)
	since := earliest(begin(failed), c.due())
	var found finding
	switch what := missing(message); {
	case notYetKnown.MatchString(message):
		found = c.finding(rankNote, reason, since, "%s can't be created yet: %s", c, gist(message)).within(c.budget(time.Minute))
	case what != "":
		found = c.finding(rankMissing, reason, since, "%s can't be created: %s", c, what).fatal()
	default:
		found = c.finding(rankStart, reason, since, "%s can't be created: %s", c, place.ReplaceAllString(gist(message), "")).fatal()
	}
	found.Message = message
	return found.proven(final(failed)), true
}

var (
	format     = regexp.MustCompile(`exec format error`)
	executable = regexp.MustCompile(`exec: "?([^":]+)"?: (?:stat [^:]*: )?(executable file not found[^:]*|no such file or directory|permission denied|is a directory|not a directory)`)
	directory  = regexp.MustCompile(`chdir to cwd \("([^"]*)"\) .*(no such file or directory|permission denied|not a directory)`)
	mountPoint = regexp.MustCompile(`error mounting "[^"]*" to rootfs at "([^"]*)".*: not a directory`)
)

// unstartable says why the runtime can never start a program; nothing when that is the node's fault.
func unstartable(message string) string {
	if format.MatchString(message) {
		return "it is built for another architecture than that of the node, or is no program: exec format error"
	}
	if found := executable.FindStringSubmatch(message); found != nil {
		return fmt.Sprintf("its command %q: %s", found[1], found[2])
	}
	if found := directory.FindStringSubmatch(message); found != nil {
		return fmt.Sprintf("its working directory %q: %s", found[1], found[2])
	}
	if found := mountPoint.FindStringSubmatch(message); found != nil {
		return fmt.Sprintf("what is mounted at %q and what the image has there are not both a directory or both a file: not a directory", found[1])
	}
	return ""
}

// unstarted tells of a container whose program does not even begin.
func (c container) unstarted() (finding, bool) {
	reason, message := c.startError()
	if reason == "" {
		return finding{}, false
	}
	failed := among(c.own, "Failed", message)
	since := begin(failed)
	if end := c.lastEnd(); since.IsZero() && end != nil {
		since = end.FinishedAt.Time
	} else if since.IsZero() {
		since = c.due()
	}
	found := c.finding(rankStart, reason, since, "%s can't be started: %s", c, gist(message)).within(c.budget(30 * time.Second))
	if why := unstartable(message); why != "" {
		found = c.finding(rankStart, reason, since, "%s can't be started: %s", c, why).fatal()
	}
	found.Message = message
	return found.proven(final(failed)), true
}

// startError finds the runtime's word in what the container waits for, or in how it ended.
func (c container) startError() (reason, message string) {
	if end := c.status.LastTerminationState.Terminated; end != nil && end.Reason == "StartError" && c.status.State.Waiting != nil {
		return end.Reason, end.Message // which is so in between as well
	}
	waits, says := c.waits()
	if waits == "CreateContainerError" || waits == "RunContainerError" || waits == "StartError" || waits == "PostStartHookError" {
		return waits, says
	}
	if c.status.State.Running != nil {
		return "", ""
	}
	for _, end := range []*corev1.ContainerStateTerminated{c.status.State.Terminated, c.status.LastTerminationState.Terminated} {
		if end != nil {
			if end.Reason == "StartError" || end.Reason == "ContainerCannotRun" {
				return end.Reason, end.Message
			}
			return "", ""
		}
	}
	return "", ""
}
