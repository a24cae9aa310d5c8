package rollout

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

var (
	taint        = regexp.MustCompile(`untolerated taint(?:\(s\))? ?\{([^}]*)\}`)
	insufficient = regexp.MustCompile(`Insufficient ([\w./-]+\w)`)
	noClaim      = regexp.MustCompile(`persistentvolumeclaim "([^"]+)" not found`)
	preemption   = regexp.MustCompile(`\.?( no new claims to deallocate,)? ?preemption: .*$`)
)

// scaleUpTime is how long an autoscaler may take to say that it makes a node: it
// looks every ten seconds.
const scaleUpTime = 20 * time.Second

// unscheduled tells of a pod that no node takes.
func (i instance) unscheduled() []finding {
	for _, condition := range i.pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			if condition.Reason == "SchedulingGated" {
				return []finding{i.finding(rankNote, condition.Reason, condition.LastTransitionTime.Time, "pod %q waits for its scheduling gates", i.pod.Name)}
			}
			return []finding{i.scheduling(condition)}
		}
	}
	return nil
}

func (i instance) scheduling(condition corev1.PodCondition) finding {
	since := condition.LastTransitionTime.Time
	found := i.finding(rankSchedule, condition.Reason, since, "%s", i.whyUnscheduled(condition.Message))
	growth := append(among(i.events, "TriggeredScaleUp"), among(i.events, "Nominated")...)
	refusal := among(i.events, "NotTriggerScaleUp")
	switch {
	case len(growth) > 0 && !final(refusal).last.After(final(growth).last):
		found.Since = begin(growth)
		found = found.within(10 * time.Minute).proven(final(growth))
	case noClaim.MatchString(condition.Message):
		found.rank = rankMissing
		found = found.within(5 * time.Second)
	case i.freeing || i.pod.Status.NominatedNodeName != "":
		found = found.within(i.budget(time.Minute))
	case len(refusal) > 0:
		found.Since = latest(since, begin(refusal))
		found = found.within(i.budget(3 * time.Second)).proven(final(refusal))
	case strings.Contains(condition.Message, "unbound immediate PersistentVolumeClaims"):
		budget := 30 * time.Second // whoever makes volumes takes a while
		if i.lacksClass() {
			budget = 10 * time.Second
		}
		found = found.within(i.budget(budget))
	default:
		found = found.within(i.budget(scaleUpTime))
	}
	found.Message = condition.Message
	return found.proven(final(among(i.events, "FailedScheduling")))
}

// whyUnscheduled turns the scheduler's words into a sentence, and keeps them.
func (i instance) whyUnscheduled(message string) string {
	text := strings.TrimSuffix(preemption.ReplaceAllString(oneLine(message), ""), ". not found")
	if name := match(noClaim, message); name != "" {
		return fmt.Sprintf("pod %q can't be scheduled: claim %q does not exist", i.pod.Name, name)
	}
	var why string
	switch {
	case strings.Contains(message, "unbound immediate PersistentVolumeClaims"):
		why = i.unboundClaims()
	case insufficient.MatchString(message):
		why = fmt.Sprintf("it requests %s", i.requests(insufficient.FindAllStringSubmatch(message, -1)))
	case strings.Contains(message, "untolerated taint") && i.repelled() != "":
		why = i.repelled()
	case strings.Contains(message, "node affinity") || strings.Contains(message, "node selector"):
		why = i.selector()
	case strings.Contains(message, "untolerated taint"):
		why = "it does not tolerate the nodes' taints" + i.tolerates(message)
	}
	if why != "" {
		why = ": " + why
	}
	return fmt.Sprintf("no node takes pod %q%s; %s", i.pod.Name, why, text)
}

// requests says how much of the resources that nodes lack the pod wants.
func (i instance) requests(resources [][]string) string {
	var wants []string
	for _, resource := range resources {
		name := corev1.ResourceName(resource[1])
		total := corev1.Container{}.Resources.Requests[name]
		for _, container := range i.pod.Spec.Containers {
			total.Add(container.Resources.Requests[name])
		}
		wants = append(wants, fmt.Sprintf("%s %s", total.String(), name))
	}
	slices.Sort(wants)
	return strings.Join(slices.Compact(wants), " and ")
}

// Repelled are the label selectors of the nodes that pods could go to but for
// taints, as far as the scheduler tells: whoever wants to name the taints looks there.
func Repelled(objects Objects) []string {
	var selectors []string
	for _, pod := range objects.Pods {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse && strings.Contains(condition.Message, "untolerated taint") {
				selectors = append(selectors, labels.Set(pod.Spec.NodeSelector).String())
			}
		}
	}
	slices.Sort(selectors)
	return slices.Compact(selectors)
}

// Tolerates reports whether a taint keeps no pod of this kind from a node.
func Tolerates(pod corev1.PodSpec, taint corev1.Taint) bool {
	tolerates := func(t corev1.Toleration) bool {
		return (t.Key == "" || t.Key == taint.Key) && (t.Effect == "" || t.Effect == taint.Effect) &&
			(t.Operator == corev1.TolerationOpExists || t.Value == taint.Value)
	}
	return taint.Effect == corev1.TaintEffectPreferNoSchedule || slices.ContainsFunc(pod.Tolerations, tolerates)
}

// repelled names the taints of the nodes that the pod's selector matches, if all
// of these have one that the pod does not tolerate.
func (i instance) repelled() string {
	var taints []string
	selector := labels.SelectorFromSet(i.pod.Spec.NodeSelector)
	for _, node := range i.Nodes {
		if node == nil || !selector.Matches(labels.Set(node.Labels)) {
			continue
		}
		at := slices.IndexFunc(node.Spec.Taints, func(taint corev1.Taint) bool { return !Tolerates(i.pod.Spec, taint) })
		if at < 0 {
			return ""
		}
		taints = append(taints, strconv.Quote(node.Spec.Taints[at].ToString()))
	}
	if len(taints) == 0 {
		return ""
	}
	slices.Sort(taints)
	text := "it does not tolerate the taint " + strings.Join(slices.Compact(taints), " or ")
	if len(i.pod.Spec.NodeSelector) > 0 {
		text += " of the nodes that its node selector " + labels.Set(i.pod.Spec.NodeSelector).String() + " matches"
	}
	return text
}

// tolerates names the taints in question, where the scheduler does.
func (i instance) tolerates(message string) string {
	if name := match(taint, message); name != "" {
		return fmt.Sprintf(" %q", name)
	}
	return ""
}

// lacksClass reports whether a claim of the pod names a storage class that isn't there.
func (i instance) lacksClass() bool {
	return strings.Contains(i.unboundClaims(), "not found")
}

func (i instance) selector() string {
	var labels []string
	for name, value := range i.pod.Spec.NodeSelector {
		labels = append(labels, name+"="+value)
	}
	slices.Sort(labels)
	if len(labels) == 0 {
		return "no node matches its node affinity"
	}
	return "no node matches its node selector " + strings.Join(labels, ", ")
}

// unboundClaims names the claims that the pod mounts and that have no volume yet.
func (i instance) unboundClaims() string {
	var why []string
	for _, claim := range i.Claims {
		mounts := slices.ContainsFunc(i.pod.Spec.Volumes, func(volume corev1.Volume) bool {
			return volume.PersistentVolumeClaim != nil && volume.PersistentVolumeClaim.ClaimName == claim.Name
		})
		if mounts && claim.Status.Phase != corev1.ClaimBound {
			why = append(why, i.whyPending(claim))
		}
	}
	if len(why) == 0 {
		return "a claim of it has no volume"
	}
	return strings.Join(why, ", ")
}
