package rollout

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

var volumeName = regexp.MustCompile(`for volume "([^"]+)"`)

// unmounted tells why a pod that has its node does not begin: its volumes, or its network.
func (i instance) unmounted() []finding {
	statuses := append(slices.Clone(i.pod.Status.InitContainerStatuses), i.pod.Status.ContainerStatuses...)
	untouched := func(status corev1.ContainerStatus) bool {
		return waitsForImage(status) && status.LastTerminationState.Terminated == nil
	}
	// As soon as one container gets further, all volumes are there.
	for _, status := range statuses {
		if !untouched(status) {
			return nil
		}
	}
	var found []finding
	for _, reason := range []string{"FailedMount", "FailedAttachVolume", "FailedMapVolume"} {
		for _, e := range among(i.events, reason) {
			found = append(found, i.mount(e))
		}
	}
	if sandbox := final(among(i.events, "FailedCreatePodSandBox")); sandbox.reason != "" && len(found) == 0 {
		found = append(found, i.finding(rankSandbox, sandbox.reason, sandbox.first, "pod %q can't be begun on node %q: %s",
			i.pod.Name, i.pod.Spec.NodeName, gist(sandbox.message)).within(i.budget(time.Minute)).proven(sandbox))
	}
	return found
}

func (i instance) mount(e event) finding {
	volume := match(volumeName, e.message)
	_, why, _ := strings.Cut(e.message, " : ")
	if volume == "" || why == "" {
		why = e.message
	}
	subject := fmt.Sprintf("volume %q of pod %q", volume, i.pod.Name)
	if volume == "" {
		subject = fmt.Sprintf("a volume of pod %q", i.pod.Name)
	}
	var found finding
	switch what := i.missingInVolume(volume, why); {
	case notYetKnown.MatchString(why) && what == "":
		found = i.finding(rankNote, e.reason, e.first, "%s can't be mounted yet: %s", subject, gist(why))
	case what != "":
		found = i.finding(rankMissing, e.reason, e.first, "%s can't be mounted: %s", subject, what).fatal()
	case strings.Contains(why, "Multi-Attach"):
		found = i.finding(rankMount, e.reason, e.first, "%s can't be attached: %s", subject, gist(why)).within(i.budget(2 * time.Minute))
	default:
		found = i.finding(rankMount, e.reason, e.first, "%s can't be mounted: %s", subject, gist(why)).within(i.budget(15 * time.Second))
	}
	found.Message = e.message
	return found.proven(e)
}

// missingInVolume says which object or key a volume names that does not exist.
func (i instance) missingInVolume(volume, message string) string {
	key := noMountKey.FindStringSubmatch(message)
	if key == nil {
		return missing(message)
	}
	for _, v := range i.pod.Spec.Volumes {
		switch {
		case v.Name != volume:
		case v.ConfigMap != nil:
			return fmt.Sprintf("ConfigMap %q has no key %q", v.ConfigMap.Name, key[2])
		case v.Secret != nil:
			return fmt.Sprintf("Secret %q has no key %q", v.Secret.SecretName, key[2])
		}
	}
	return fmt.Sprintf("its %s has no key %q", kindName(key[1]), key[2])
}
