package rollout

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

var (
	quota     = regexp.MustCompile(`exceeded quota: ([^,]+), requested: (.*), used: (.*), limited: (.*)$`)
	security  = regexp.MustCompile(`violates PodSecurity "([^"]+)": (.*)$`)
	limits    = regexp.MustCompile(`((?:maximum|minimum) \S+ usage per (?:Container|Pod) is .*|\S+ max limit to request ratio per (?:Container|Pod) is .*)$`)
	denied    = regexp.MustCompile(`admission webhook "([^"]+)" denied the request(?:: (.*))?$`)
	unreached = regexp.MustCompile(`failed calling webhook "([^"]+)"(?:: (.*))?$`)
	account   = regexp.MustCompile(`serviceaccount "([^"]+)" not found`)
	overQuota = regexp.MustCompile(`failed quota: ([^:]+): (must specify .*)$`)
	passing   = regexp.MustCompile(`status unknown for quota|timed? ?out|deadline exceeded|connection refused|object has been modified|etcdserver|too many requests|already exists`)
	refused   = regexp.MustCompile(`is (?:forbidden|invalid): (.*)$`)
)

// refusal judges why the API server did not take the pods of a workload.
func (v *view) refusal(workload, reason, message string, since time.Time) finding {
	named := func(rank rank, format string, values ...any) finding {
		found := transient(rank, workload, reason, since, "%s can't create pods: "+format, append([]any{workload}, values...)...)
		found.Message = message
		return found
	}
	says := oneLine(message)
	if found := quota.FindStringSubmatch(says); found != nil {
		budget := 5 * time.Second
		if v.freeing || v.isFree(found[1], found[2]) { // the controller tries again, at longer and longer intervals
			budget = 2 * time.Minute
		}
		over := named(rankRefused, "quota %q is exceeded: requested %s, used %s, limited to %s", found[1], found[2], found[3], found[4]).within(budget)
		if kill := v.lastKill(); !kill.IsZero() {
			over.ends = latest(over.ends, kill.Add(freeingTime))
		}
		return over
	}
	if found := unreached.FindStringSubmatch(says); found != nil {
		return named(rankRefused, "webhook %q does not answer: %s", found[1], found[2]).within(30 * time.Second)
	}
	if name := match(account, says); name != "" {
		return named(rankMissing, "service account %q does not exist", name).within(5 * time.Second)
	}
	if passing.MatchString(says) {
		return named(rankRefused, "%s", gist(says)).within(time.Minute)
	}
	if why := forbidden(says); why != "" {
		return named(rankRefused, "%s", why).fatal()
	}
	return named(rankRefused, "%s", gist(says)).within(30 * time.Second)
}

// freeingTime is how long it may take from a pod's being asked to end until the
// quota that it took is counted anew: its own time to end, and the quota
// controller's, when neither the pod nor the room shows.
const freeingTime = 45 * time.Second

// lastKill is when a container in the namespace was last asked to end.
func (v *view) lastKill() time.Time {
	var last time.Time
	for _, found := range v.Events {
		if found.Reason == "Killing" {
			last = latest(last, eventOf(found).last)
		}
	}
	return last
}

// isFree reports whether a quota has room by now for what was requested, as in "cpu=1,pods=1".
func (v *view) isFree(name, requested string) bool {
	at := slices.IndexFunc(v.Quotas, func(quota corev1.ResourceQuota) bool { return quota.Name == name })
	if at < 0 {
		return false
	}
	status := v.Quotas[at].Status
	for _, part := range strings.Split(requested, ",") {
		resourceName, amount, _ := strings.Cut(part, "=")
		wants, err := resource.ParseQuantity(amount)
		hard, limited := status.Hard[corev1.ResourceName(resourceName)]
		if err != nil || !limited {
			return false
		}
		used := status.Used[corev1.ResourceName(resourceName)]
		used.Add(wants)
		if used.Cmp(hard) > 0 {
			return false
		}
	}
	return true
}

// forbidden says why pods such as these will never be taken; nothing when that is not sure.
func forbidden(message string) string {
	if found := security.FindStringSubmatch(message); found != nil {
		return fmt.Sprintf("they violate Pod Security %q: %s", found[1], found[2])
	}
	if found := denied.FindStringSubmatch(message); found != nil {
		return strings.TrimSuffix(fmt.Sprintf("webhook %q denied the request: %s", found[1], found[2]), ": ")
	}
	if found := overQuota.FindStringSubmatch(message); found != nil {
		return fmt.Sprintf("quota %q wants that they %s", found[1], found[2])
	}
	if why := match(limits, message); why != "" {
		return "the namespace's limits refuse them: " + why
	}
	return match(refused, message)
}

// uncreatedPods finds a refusal in a workload's events, if it is still so: when
// the last attempt failed.
func (v *view) uncreatedPods(workload string, events []event) []finding {
	failed := among(events, "FailedCreate")
	if len(failed) == 0 || final(failed).last.Before(final(among(events, "SuccessfulCreate")).last) {
		return nil
	}
	last := final(failed)
	return []finding{v.refusal(workload, last.reason, last.message, begin(failed)).proven(last)}
}
