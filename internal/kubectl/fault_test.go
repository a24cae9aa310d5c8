package kubectl

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestFaultsInWhatKubectlSays(t *testing.T) {
	t.Parallel()
	const port = "Invalid value: 99999: must be between 1 and 65535, inclusive"
	for name, test := range map[string]struct {
		text string
		want []Fault
	}{
		"one object, a list": {
			"The Service \"b\" is invalid: \n* spec.ports[0].port: " + port + "\n* spec.ports[0].targetPort: " + port + "\n",
			[]Fault{{`Service "b"`, "spec.ports[0].port", port}, {`Service "b"`, "spec.ports[0].targetPort", port}},
		},
		"one of several": {
			`Error from server (Invalid): Service "b" is invalid: [spec.ports[0].port: ` + port + `, spec.ports[0].targetPort: ` + port + `]`,
			[]Fault{{`Service "b"`, "spec.ports[0].port", port}, {`Service "b"`, "spec.ports[0].targetPort", port}},
		},
		"two objects": {
			"Error from server (Invalid): ConfigMap \"a\" is invalid: data: Too long: at most 1 byte\n" +
				"Error from server (Invalid): Deployment.apps \"web\" is invalid: spec.replicas: Invalid value: -2: must be positive\n",
			[]Fault{{`ConfigMap "a"`, "data", "Too long: at most 1 byte"}, {`Deployment.apps "web"`, "spec.replicas", "Invalid value: -2: must be positive"}},
		},
		"an unknown field": {
			"Error from server: failed to create typed patch object (shop/c; apps/v1, Kind=Deployment): .spec.replicaz: field not declared in schema",
			[]Fault{{`Deployment "c"`, "spec.replicaz", "field not declared in schema"}},
		},
		"unknown fields": {
			"Error from server: failed to create typed patch object (shop/c; apps/v1, Kind=Deployment): errors:\n" +
				"  .spec.template.spec.containers[name=\"web\"].imagee: field not declared in schema\n  .spec.replicaz: field not declared in schema\n",
			[]Fault{
				{`Deployment "c"`, `spec.template.spec.containers[name="web"].imagee`, "field not declared in schema"},
				{`Deployment "c"`, "spec.replicaz", "field not declared in schema"},
			},
		},
		"a type": {
			"Error from server: failed to create typed patch object (shop/d; apps/v1, Kind=Deployment): .spec.replicas: expected numeric (int or float), got string",
			[]Fault{{`Deployment "d"`, "spec.replicas", "expected numeric (int or float), got string"}},
		},
		"a strict decoder": {
			`Error from server (BadRequest): error when creating "STDIN": Deployment in version "v1" cannot be handled as a Deployment: ` +
				`strict decoding error: unknown field "spec.replica", duplicate field "spec.x"`,
			[]Fault{{"", "spec.replica", "unknown field"}, {"", "spec.x", "duplicate field"}},
		},
		"an immutable field": {
			`The Deployment "web" is invalid: spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"web2"}}: field is immutable`,
			[]Fault{{`Deployment "web"`, "spec.selector", `Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"web2"}}: field is immutable`}},
		},
		"none": {"error: error parsing STDIN: yaml: line 1", nil},
	} {
		failure := failing(t, test.text)
		assert.Equal(t, Invalid, failure.Reason, name)
		assert.Equal(t, test.want, failure.Faults, name)
	}
}

func TestFaultsOfAStatusAreItsCauses(t *testing.T) {
	t.Parallel()
	status := metav1.Status{
		Message: `Service "b" is invalid: [a: Invalid value: 1, b: Required value]`,
		Details: &metav1.StatusDetails{Kind: "Service", Name: "b", Causes: []metav1.StatusCause{{Field: "spec.a", Message: "Invalid value: 1"}}},
	}
	assert.Equal(t, []Fault{{`Service "b"`, "spec.a", "Invalid value: 1"}}, faultsOf(status))
	status.Message = "no"
	assert.Equal(t, []Fault{{`Service "b"`, "spec.a", "Invalid value: 1"}}, faultsOf(status), "which is named in the details too")
	status.Details = nil
	assert.Empty(t, faultsOf(status))
}

func TestAnAPIThatIsDownIsNamed(t *testing.T) {
	t.Parallel()
	const (
		missing = `error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind "Foo" in version "metrics.k8s.io/v1beta1"` +
			"\nensure CRDs are installed first\n"
		away = "the server is currently unable to handle the request"
		head = "E1123 14:57:08.424000   13670 memcache.go:287] "
	)
	for name, test := range map[string]struct {
		text, api string // empty: no kind
	}{
		"up to 1.30":     {head + "couldn't get resource list for metrics.k8s.io/v1beta1: " + away + "\n" + missing, "metrics.k8s.io/v1beta1"},
		"1.31 to 1.36":   {head + `"Unhandled Error" err="couldn't get resource list for metrics.k8s.io/v1beta1: ` + away + "\"\n" + missing, "metrics.k8s.io/v1beta1"},
		"from 1.37":      {head + `"Couldn't get resource list" err="` + away + "\" groupVersion=\"metrics.k8s.io/v1beta1\"\n" + missing, "metrics.k8s.io/v1beta1"},
		"repeatedly":     {strings.Repeat(head+"couldn't get resource list for metrics.k8s.io/v1beta1: "+away+"\n", 3) + missing, "metrics.k8s.io/v1beta1"},
		"another":        {head + "couldn't get resource list for custom.metrics.k8s.io/v1beta1: " + away + "\n" + missing, ""},
		"one that's off": {head + "couldn't get resource list for metrics.k8s.io/v1beta1: Got empty response for: metrics.k8s.io/v1beta1\n" + missing, ""},
		"none":           {missing, ""},
		"a resource":     {head + "couldn't get resource list for metrics.k8s.io/v1beta1: " + away + "\n" + `error: the server doesn't have a resource type "foo"`, "metrics.k8s.io/v1beta1"},
		"other failures": {head + "couldn't get resource list for metrics.k8s.io/v1beta1: " + away + "\n" + refused, ""},
	} {
		failure := failing(t, test.text)
		assert.Equal(t, test.api, failure.API, name)
		assert.Equal(t, test.api != "", failure.Reason == APIDown, name)
		if test.api != "" {
			assert.Contains(t, failure.Error(), `API "metrics.k8s.io/v1beta1" is down (`+away+`)`, name)
			assert.Contains(t, failure.Error(), strings.SplitN(strings.TrimPrefix(test.text[strings.LastIndex(test.text, "error: "):], "error: "), "\n", 2)[0], name)
			assert.True(t, failure.MayPass(), name)
		}
	}
}
