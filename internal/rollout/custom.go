package rollout

import (
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// status is one condition of an object of any kind.
type status struct {
	kind, status, reason, message string
	since                         time.Time
}

func conditions(object unstructured.Unstructured) map[string]status {
	list, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	found := map[string]status{}
	for _, each := range list {
		fields, _ := each.(map[string]any)
		text := func(name string) string {
			value, _ := fields[name].(string)
			return value
		}
		since, _ := time.Parse(time.RFC3339, text("lastTransitionTime"))
		found[text("type")] = status{text("type"), text("status"), text("reason"), text("message"), since}
	}
	return found
}

// String is the condition's own explanation.
func (s status) String() string {
	says := strings.TrimPrefix(strings.TrimSuffix(s.reason+": "+oneLine(s.message), ": "), ": ")
	if says == "" {
		return s.kind + " is " + s.status
	}
	return says
}

// definition judges a CustomResourceDefinition.
func (v *view) definition(object unstructured.Unstructured) Assessment {
	name := "custom resource definition " + quoted(object.GetName())
	has := conditions(object)
	if accepted := has["NamesAccepted"]; accepted.status == "False" {
		return v.conclude(progressing("%s is not established", name), []finding{
			transient(rankRefused, name, accepted.reason, accepted.since, "the names of %s are not accepted: %s", name, accepted).fatal(),
		})
	}
	if has["Established"].status == "True" {
		return healthy()
	}
	return progressing("%s is not established yet", name)
}

// custom judges an object of a kind that only its controller knows, by what
// conditions mean by convention.
func (v *view) custom(object unstructured.Unstructured) Assessment {
	name := strings.ToLower(object.GetKind()) + " " + quoted(object.GetName())
	observed, known, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	if known && observed < object.GetGeneration() {
		return progressing("%s is not seen yet by its controller", name)
	}
	has := conditions(object)
	for _, kind := range []string{"Stalled", "Failed", "Degraded"} {
		if bad := has[kind]; bad.status == "True" {
			return v.conclude(progressing("%s is not ready", name), []finding{
				transient(rankRefused, name, kind, bad.since, "%s has a problem: %s", name, bad).within(10 * time.Second),
			})
		}
	}
	for _, kind := range []string{"Ready", "Available", "Succeeded"} {
		switch wanted := has[kind]; wanted.status {
		case "True":
			return healthy()
		case "False", "Unknown":
			return progressing("%s is not ready: %s", name, wanted)
		}
	}
	return healthy()
}
