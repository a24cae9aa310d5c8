package ownership

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestDriftOfRecordedObjects(t *testing.T) {
	const containers = "spec.template.spec.containers"
	for object, want := range map[string][]string{
		"deployed":  nil,
		"scaled":    nil,
		"restarted": nil,
		"foreign":   nil,
		"edited": {
			`kubectl-annotate metadata.annotations.example\.com/note`,
			"kubectl-label metadata.labels.team",
			"kubectl-edit " + containers + "[name=web].args",
			"kubectl-edit " + containers + "[name=web].env[name=LOG_LEVEL].value",
			"kubectl-set " + containers + "[name=web].image",
			"kubectl-patch " + containers + "[name=web].resources.requests.cpu",
		},
		"added": {
			`kubectl-patch metadata.finalizers["example.com/wait"]`,
			"kubectl metadata.labels.tier",
			"kubectl spec.minReadySeconds",
			"kubectl-patch " + containers + "[name=debug]",
		},
		"service": {
			"kubectl-patch spec.externalTrafficPolicy",
			"kubectl-patch spec.ports[port=80,protocol=TCP].targetPort",
			"kubectl-patch spec.type",
		},
		"configmap": {"kubectl-patch data.color", "kubectl-patch data.extra"},
		"secret":    {"kubectl-patch data.password"},
	} {
		t.Run(object, func(t *testing.T) {
			assert.Equal(t, want, brief(Drift(recorded(t, object), us)))
		})
	}
}

func TestDriftHasTheLiveValue(t *testing.T) {
	color := Drift(recorded(t, "configmap"), us)[0]
	assert.Equal(t, "red", color.Live)
	assert.Nil(t, color.Wanted)

	added := Drift(recorded(t, "added"), us)
	require.NotEmpty(t, added)
	assert.Equal(t, "example.com/wait", added[0].Live)
	assert.Equal(t, "localhost/debug:1", added[len(added)-1].Live.(map[string]any)["image"], "an item as a whole")
}

func TestDriftOfSecretsHidesValues(t *testing.T) {
	drift := Drift(recorded(t, "secret"), us)
	require.Len(t, drift, 1)
	assert.Equal(t, masked, drift[0].Live)
}

func TestDriftIsByHand(t *testing.T) {
	for manager, want := range map[string]bool{
		"kubectl-edit": true, "kubectl-patch": true, "kubectl-replace": true, "k9s": true, "Mozilla": true,
		"kube-controller-manager": false, "kube-scheduler": false, "kubelet": false, "kube-apiserver": false,
		"cloud-controller-manager": false, "deployment-controller": false, "kustomize-controller": false,
		"argocd-server": false, "flux-client-side-apply": false, "kwok": false, "some-operator": false,
		"kubectl-client-side-apply": false, "kubectl-create": false, "helm": false, "before-first-apply": false,
	} {
		t.Run(manager, func(t *testing.T) {
			live := edited(t, `{manager: `+manager+`, operation: Update, fieldsV1: {f:spec: {f:a: {}}}}`)
			assert.Equal(t, want, len(Drift(live, us)) == 1)
		})
	}
}

// edited is a live object of ours with another entry.
func edited(t *testing.T, entry string) *unstructured.Unstructured {
	t.Helper()
	return written(t, `{kind: Thing, spec: {a: 1, b: {c: 1}, d: {}, replicas: 3}, metadata: {managedFields: [
		{manager: skycap, operation: Apply, fieldsV1: {f:spec: {f:b: {f:c: {}}}}}, `+entry+`]}}`)
}

func TestDrift(t *testing.T) {
	for name, c := range map[string]struct {
		entry string
		want  []string
	}{
		"applied by kubectl":           {`{manager: kubectl, operation: Apply, fieldsV1: {f:spec: {f:a: {}}}}`, []string{"kubectl spec.a"}},
		"applied by another deployer":  {`{manager: argo, operation: Apply, fieldsV1: {f:spec: {f:a: {}}}}`, nil},
		"same value as ours":           {`{manager: kubectl-edit, operation: Update, fieldsV1: {f:spec: {f:b: {f:c: {}}}}}`, nil},
		"a map around ours":            {`{manager: kubectl-edit, operation: Update, fieldsV1: {f:spec: {f:b: {}}}}`, nil},
		"an empty map":                 {`{manager: kubectl-edit, operation: Update, fieldsV1: {f:spec: {f:d: {}}}}`, nil},
		"gone":                         {`{manager: kubectl-edit, operation: Update, fieldsV1: {f:spec: {f:e: {}}}}`, nil},
		"scaled":                       {`{manager: kubectl, operation: Update, subresource: scale, fieldsV1: {f:spec: {f:replicas: {}}}}`, nil},
		"replicas edited":              {`{manager: kubectl-edit, operation: Update, fieldsV1: {f:spec: {f:replicas: {}}}}`, []string{"kubectl-edit spec.replicas"}},
		"status":                       {`{manager: kubectl-edit, operation: Update, subresource: status, fieldsV1: {f:spec: {f:a: {}}}}`, nil},
		"ours, but not by apply":       {`{manager: skycap, operation: Update, fieldsV1: {f:spec: {f:a: {}}}}`, nil},
		"an entry that can't be read":  {`{manager: kubectl-edit, operation: Update, fieldsV1: {f:spec: {'k:{': {}}}}`, nil},
		"an entry without its content": {`{manager: kubectl-edit, operation: Update}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, brief(Drift(edited(t, c.entry), us)))
		})
	}
}
