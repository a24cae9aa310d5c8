package rollout

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// view is the objects at one moment, with the events that are about them.
type view struct {
	Objects
	now     time.Time
	events  map[string][]event // by the UID, or else by kind and name, of what they are about
	freeing bool               // pods are terminating, which will free what they hold
}

func newView(objects Objects, now time.Time) *view {
	v := &view{Objects: objects, now: now, events: map[string][]event{}}
	for _, found := range objects.Events {
		key := string(found.InvolvedObject.UID)
		if key == "" {
			key = found.InvolvedObject.Kind + "/" + found.InvolvedObject.Name
		}
		v.events[key] = append(v.events[key], eventOf(found))
	}
	v.freeing = slices.ContainsFunc(objects.Pods, func(pod corev1.Pod) bool { return pod.DeletionTimestamp != nil })
	return v
}

// eventsOf are those about an object, the latest last. One that is older than
// the object is about another of that name.
func (v *view) eventsOf(kind string, object metav1.ObjectMeta) []event {
	found := slices.Clone(v.events[kind+"/"+object.Name])
	if object.UID != "" {
		found = append(found, v.events[string(object.UID)]...)
	}
	found = slices.DeleteFunc(found, func(e event) bool { return e.last.Before(object.CreationTimestamp.Time) })
	slices.SortStableFunc(found, func(a, b event) int { return a.last.Compare(b.last) })
	return found
}

// event is what happened to an object, once or many times.
type event struct {
	object, container, reason, message string
	first, last                        time.Time
	count                              int32
}

func eventOf(found corev1.Event) event {
	e := event{
		object:    strings.ToLower(found.InvolvedObject.Kind) + " " + quoted(found.InvolvedObject.Name),
		container: between(found.InvolvedObject.FieldPath, "{", "}"),
		reason:    found.Reason,
		message:   strings.TrimPrefix(found.Message, "(combined from similar events): "),
		first:     earliest(found.FirstTimestamp.Time, found.EventTime.Time),
		last:      latest(found.LastTimestamp.Time, found.EventTime.Time, found.FirstTimestamp.Time),
		count:     max(1, found.Count),
	}
	if found.Series != nil {
		e.last, e.count = latest(e.last, found.Series.LastObservedTime.Time), max(e.count, found.Series.Count)
	}
	if e.first.IsZero() {
		e.first = earliest(found.CreationTimestamp.Time, e.last)
	}
	e.last = latest(e.last, e.first)
	return e
}

// among returns the events of a reason whose message has one of the texts; any message without texts.
func among(events []event, reason string, texts ...string) []event {
	var found []event
	for _, e := range events {
		if e.reason == reason && (len(texts) == 0 || slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(e.message, text) })) {
			found = append(found, e)
		}
	}
	return found
}

// begin is when the first of the events happened first.
func begin(events []event) time.Time {
	var first time.Time
	for _, e := range events {
		first = earliest(first, e.first)
	}
	return first
}

// final is the event that happened last: an empty one when there is none.
func final(events []event) event {
	if len(events) == 0 {
		return event{}
	}
	return events[len(events)-1]
}

// earliest returns the earliest of the times that are known.
func earliest(times ...time.Time) time.Time {
	var found time.Time
	for _, t := range times {
		if found.IsZero() || !t.IsZero() && t.Before(found) {
			found = t
		}
	}
	return found
}

// latest returns the latest of the times.
func latest(times ...time.Time) time.Time {
	var found time.Time
	for _, t := range times {
		if t.After(found) {
			found = t
		}
	}
	return found
}
