package rollout

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

// rank says how near a finding is to the root of what is wrong.
type rank int

const (
	rankNote     rank = iota // passes by itself
	rankGate                 // waits for somebody else's word
	rankNotReady             // runs, and does not answer as it should
	rankCrash                // ran, and ended
	rankProbe                // ran, and was ended
	rankSandbox              // has no network or the like yet
	rankSchedule             // no node takes it
	rankNode                 // the node itself is ill
	rankMount                // a volume can't be mounted
	rankStart                // can't be started
	rankImage                // the image can't be had
	rankRefused              // may not be created
	rankMissing              // something that it names does not exist
)

// finding is a Finding on its way to a grade.
type finding struct {
	Finding
	rank   rank
	shown  time.Time // when the cluster last said so, where that is known
	from   time.Time // not to be told of before
	ends   time.Time // when its budget is used up; zero for never
	events []event   // that prove it
}

// fatal makes it one that no waiting heals.
func (f finding) fatal() finding {
	f.Grade = skycap.GradeFatal
	return f
}

// persistent makes it one that has gone on for too long.
func (f finding) persistent() finding {
	f.Grade = skycap.GradePersistent
	return f
}

// within gives it a budget from when it was first shown.
func (f finding) within(budget time.Duration) finding {
	if !f.Since.IsZero() {
		f.ends = f.Since.Add(budget)
	}
	return f
}

// proven adds the events that prove it.
func (f finding) proven(events ...event) finding {
	for _, e := range events {
		if e.reason != "" {
			f.events = append(f.events, e)
			f.shown = latest(f.shown, e.last)
		}
	}
	return f
}

// retried is how long Kubernetes may take to try again what failed.
const retried = 150 * time.Second

// judged gives it the grade that it has by now.
func (f finding) judged(now, applied time.Time) finding {
	if !applied.IsZero() && !f.shown.IsZero() && f.shown.Before(applied.Truncate(time.Second)) && f.rank >= rankMount {
		// It is from before the release, which may have cured it: that shows when Kubernetes tries again.
		f.Grade, f.ends = skycap.GradeTransient, applied.Add(retried)
	}
	if f.Grade == skycap.GradeTransient && !f.ends.IsZero() && !now.IsZero() && !now.Before(f.ends) {
		f.Grade = skycap.GradePersistent
	}
	return f
}

// closing ends a sentence with Kubernetes' word for it, unless that is in it already.
func closing(cause, reason string) string {
	if reason == "" || strings.Contains(cause, reason) {
		return cause
	}
	return cause + " (" + reason + ")"
}

func transient(rank rank, object, reason string, since time.Time, format string, values ...any) finding {
	return finding{rank: rank, Finding: Finding{
		Object: object, Reason: reason, Since: since, Grade: skycap.GradeTransient,
		Cause: closing(shortened(fmt.Sprintf(format, values...)), reason),
	}}
}

// conditionTime is when a pod's condition became what it is: zero when there is none.
func conditionTime(pod corev1.Pod, kind corev1.PodConditionType) time.Time {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == kind {
			return condition.LastTransitionTime.Time
		}
	}
	return time.Time{}
}
