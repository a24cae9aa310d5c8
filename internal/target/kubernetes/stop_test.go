package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
)

func TestWhatIsRemembered(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]remembered{
		"3": {replicas: 3}, "4 kubectl": {replicas: 4, scaledBy: "kubectl"},
	} {
		assert.Equal(t, text, want.String())
		former, err := workload{annotations: map[string]string{AnnotationReplicas: text}}.former()
		require.NoError(t, err)
		assert.Equal(t, want, former)
	}
	none, err := workload{}.former()
	require.NoError(t, err)
	assert.Zero(t, none)
	for _, text := range []string{"", "0", "-1", "many", "99999999999"} {
		_, err := workload{kind: "Deployment", name: "web", annotations: map[string]string{AnnotationReplicas: text}}.former()
		assert.ErrorContains(t, err, `Deployment "web" has the annotation skycap.dev/replicas: "`+text+`"`)
	}
}

func TestStoppable(t *testing.T) {
	t.Parallel()
	four, yes := int32(4), true
	scaled := metav1.ManagedFieldsEntry{
		Manager: "kubectl", Operation: metav1.ManagedFieldsOperationUpdate, Subresource: "scale", FieldsType: "FieldsV1",
		FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:spec":{"f:replicas":{}}}`)},
	}
	n := &Namespace{kubectl: kubectl.Client{Namespace: "shop"}}
	found := n.stoppable(rollout.Objects{
		Deployments: []appsv1.Deployment{
			{ObjectMeta: metav1.ObjectMeta{Name: "one"}},
			{ObjectMeta: metav1.ObjectMeta{Name: "four", ManagedFields: []metav1.ManagedFieldsEntry{scaled}}, Spec: appsv1.DeploymentSpec{Replicas: &four}},
		},
		StatefulSets: []appsv1.StatefulSet{{ObjectMeta: metav1.ObjectMeta{Name: "set"}, Spec: appsv1.StatefulSetSpec{Replicas: &four}}},
		CronJobs: []batchv1.CronJob{
			{ObjectMeta: metav1.ObjectMeta{Name: "nightly"}},
			{ObjectMeta: metav1.ObjectMeta{Name: "resting"}, Spec: batchv1.CronJobSpec{Suspend: &yes}},
		},
	})
	assert.Equal(t, []workload{
		{kind: "Deployment", name: "one", path: "/apis/apps/v1/namespaces/shop/deployments/one", replicas: 1},
		{kind: "Deployment", name: "four", path: "/apis/apps/v1/namespaces/shop/deployments/four", replicas: 4, scaledBy: "kubectl"},
		{kind: "StatefulSet", name: "set", path: "/apis/apps/v1/namespaces/shop/statefulsets/set", replicas: 4},
		{kind: "CronJob", name: "nightly", path: "/apis/batch/v1/namespaces/shop/cronjobs/nightly", replicas: 1, suspends: true},
		{kind: "CronJob", name: "resting", path: "/apis/batch/v1/namespaces/shop/cronjobs/resting", suspends: true},
	}, found)
	assert.Equal(t, map[string]any{"replicas": int64(0)}, found[1].scaled(0))
	assert.Equal(t, map[string]any{"suspend": true}, found[3].scaled(0))
	assert.Equal(t, map[string]any{"suspend": false}, found[3].scaled(1))
}

const ours = "labels: {app.kubernetes.io/managed-by: skycap, skycap.dev/app: shop}"

func TestADeployKeepsWhatIsStopped(t *testing.T) {
	t.Parallel()
	const stopped = "annotations: {skycap.dev/replicas: '2'}, " + ours
	for name, test := range map[string]struct {
		kind, metadata, live, manifest, want string
		conflicts                            target.Conflicts
		says                                 bool
	}{
		"a deployment":        {"Deployment", stopped, "replicas: 0", "replicas: 2", "replicas: 0", target.Refuse, true},
		"says no number":      {"Deployment", stopped, "replicas: 0", "paused: false", "paused: false", target.Refuse, true},
		"a cron job":          {"CronJob", stopped, "suspend: true", "suspend: false", "suspend: true", target.Refuse, true},
		"a cron job, running": {"CronJob", stopped, "suspend: false", "suspend: false", "suspend: false", target.Refuse, false},
		"started otherwise":   {"Deployment", stopped, "replicas: 3", "replicas: 2", "replicas: 2", target.Refuse, false},
		"taken":               {"Deployment", stopped, "replicas: 0", "replicas: 2", "replicas: 2", target.Take, false},
		"never stopped":       {"Deployment", ours, "replicas: 2", "replicas: 3", "replicas: 3", target.Refuse, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := func(metadata, spec string) *unstructured.Unstructured {
				return object(t, "{kind: "+test.kind+", metadata: {name: web, "+metadata+
					", managedFields: [{manager: skycap, operation: Apply, fieldsType: FieldsV1, fieldsV1: {'f:spec': {'f:replicas': {}}}}]}, spec: {"+spec+"}}")
			}
			wanted := manifest.Object{Unstructured: read(ours, test.manifest)}
			kept := (&Namespace{Environment: "staging"}).keep(wanted, read(test.metadata, test.live), target.Options{Conflicts: test.conflicts})
			assert.Equal(t, read(ours, test.want).Object["spec"], wanted.Object["spec"])
			if test.says {
				assert.Equal(t, []string{test.kind + ` "web" stays stopped; to start it: skycap start staging`}, kept)
			} else {
				assert.Empty(t, kept)
			}
		})
	}
}

// After a start the replicas are skycap's own, by an update: the next deploy sets
// them to what its manifest says, which the server does by force only.
func TestWhatSkycapHasSetIsNoConflict(t *testing.T) {
	t.Parallel()
	live := object(t, `{kind: Deployment, metadata: {name: web, managedFields: [
		{manager: skycap, operation: Update, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:replicas": {}}}},
		{manager: kubectl-edit, operation: Update, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:paused": {}}}}]}, spec: {replicas: 2, paused: true}}`)
	read := func(spec string) manifest.Object {
		return manifest.Object{Unstructured: object(t, "{kind: Deployment, metadata: {name: web}, spec: {"+spec+"}}")}
	}
	conflicts, taken := settle(read("replicas: 3"), live, target.Refuse)
	assert.Empty(t, conflicts)
	assert.True(t, taken)

	conflicts, taken = settle(read("replicas: 2, paused: false"), live, target.Refuse)
	assert.Len(t, conflicts, 1)
	assert.False(t, taken)

	both := read("replicas: 3, paused: false")
	conflicts, taken = settle(both, live, target.Keep)
	assert.Empty(t, conflicts)
	assert.True(t, taken)
	assert.Equal(t, read("replicas: 3, paused: true").Object, both.Object, "only what others have set is left")
}
