package kubernetes

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// object reads YAML.
func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	content, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	read := &unstructured.Unstructured{}
	require.NoError(t, read.UnmarshalJSON(content))
	return read
}

func TestDiff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind, live, wanted string
		want               []skycap.FieldChange
	}{
		"the same": {"Service", "spec: {a: 1, b: [x, {y: z}]}", "spec: {b: [x, {y: z}], a: 1}", nil},
		"changed":  {"Service", "spec: {a: 1}", "spec: {a: 2}", []skycap.FieldChange{{Path: "spec.a", Old: int64(1), New: int64(2)}}},
		"added":    {"Service", "spec: {}", "spec: {a: x}", []skycap.FieldChange{{Path: "spec.a", New: "x"}}},
		"removed":  {"Service", "spec: {a: x}", "spec: {}", []skycap.FieldChange{{Path: "spec.a", Old: "x"}}},
		"another type": {
			"Service", "spec: {a: {b: 1}}", "spec: {a: [1]}",
			[]skycap.FieldChange{{Path: "spec.a", Old: map[string]any{"b": int64(1)}, New: []any{int64(1)}}},
		},
		"an item": {
			"Deployment", "spec: {containers: [{image: a}, {image: b}]}", "spec: {containers: [{image: a}, {image: c, tty: true}]}",
			[]skycap.FieldChange{{Path: "spec.containers[1].image", Old: "b", New: "c"}, {Path: "spec.containers[1].tty", New: true}},
		},
		"a longer list": {
			"Service", "spec: {l: [a]}", "spec: {l: [a, b]}", []skycap.FieldChange{{Path: "spec.l", Old: []any{"a"}, New: []any{"a", "b"}}},
		},
		"in the order of paths": {
			"Service", "spec: {z: 1, a: 1}", "spec: {z: 2, a: 2}",
			[]skycap.FieldChange{{Path: "spec.a", Old: int64(1), New: int64(2)}, {Path: "spec.z", Old: int64(1), New: int64(2)}},
		},
		"server fields": {
			"Service",
			"{metadata: {resourceVersion: '1', generation: 1, uid: a, creationTimestamp: '2026-01-01T00:00:00Z', managedFields: [{manager: x}]}, status: {a: 1}}",
			"{metadata: {resourceVersion: '2', generation: 2, uid: b, managedFields: []}, status: {a: 2}}", nil,
		},
		"a label": {
			"Service", "metadata: {labels: {a: b}}", "metadata: {labels: {a: b, c: d}}", []skycap.FieldChange{{Path: "metadata.labels.c", New: "d"}},
		},
		"a Secret": {
			"Secret", "data: {gone: Z29uZQ==, key: b2xk}", "data: {key: bmV3, token: dG9rZW4=}",
			[]skycap.FieldChange{
				{Path: "data.gone", Old: masked}, {Path: "data.key", Old: masked, New: masked}, {Path: "data.token", New: masked},
			},
		},
		"a Secret's first data": {
			"Secret", "type: Opaque", "{type: Opaque, data: {key: bmV3}}", []skycap.FieldChange{{Path: "data", New: masked}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			make := func(text string) *unstructured.Unstructured {
				read := object(t, "{apiVersion: v1, kind: "+test.kind+"}")
				content, err := yaml.YAMLToJSON([]byte(text))
				require.NoError(t, err)
				var more unstructured.Unstructured
				require.NoError(t, more.UnmarshalJSON([]byte(strings.Replace(string(content), "{", `{"kind":"x",`, 1))))
				for key, value := range more.Object {
					if key != "kind" {
						read.Object[key] = value
					}
				}
				return read
			}
			live, wanted := make(test.live), make(test.wanted)
			before := live.DeepCopy()
			assert.Equal(t, test.want, diff(live, wanted))
			assert.Equal(t, before, live, "it only looks")
		})
	}
	assert.Empty(t, diff(object(t, "{kind: Service, spec: {a: 1}}"), nil), "what the server said nothing about")
}

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	web     = "registry.example.com:5000/web"
)

// deployment is a deployment whose containers run images, named c0, c1 ...
func deployment(t *testing.T, images ...string) *unstructured.Unstructured {
	t.Helper()
	text := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: ["
	for i, image := range images {
		text += "{name: c" + string(rune('0'+i)) + ", image: '" + image + "'},"
	}
	return object(t, text+"]}}}}")
}

func TestKeepTags(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ wanted, live, want string }{
		"another tag of the same image": {web + ":new@" + digestA, web + ":old@" + digestA, web + ":old@" + digestA},
		"no tag before":                 {web + ":new@" + digestA, web + "@" + digestA, web + "@" + digestA},
		"another image":                 {web + ":new@" + digestA, web + ":old@" + digestB, web + ":new@" + digestA},
		"another repository":            {web + ":new@" + digestA, "other/web:old@" + digestA, web + ":new@" + digestA},
		"no digest there":               {web + ":new@" + digestA, web + ":old", web + ":new@" + digestA},
		"no digest wanted":              {web + ":new", web + ":old", web + ":new"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wanted := manifest.Object{Unstructured: deployment(t, test.wanted)}
			keepTags(wanted, deployment(t, test.live))
			assert.Equal(t, test.want, manifest.Containers(wanted)[0]["image"])
		})
	}
	fresh := manifest.Object{Unstructured: deployment(t, web+":new@"+digestA)}
	keepTags(fresh, nil)
	assert.Equal(t, web+":new@"+digestA, manifest.Containers(fresh)[0]["image"])

	two := manifest.Object{Unstructured: deployment(t, web+":new@"+digestA, web+":new@"+digestB)}
	keepTags(two, deployment(t, web+":old@"+digestB, web+":old@"+digestB))
	assert.Equal(t, []any{web + ":new@" + digestA, web + ":old@" + digestB},
		[]any{manifest.Containers(two)[0]["image"], manifest.Containers(two)[1]["image"]}, "by the container's name")
}

func summary(number int, revision string, running map[string]skycap.Running) skycap.Release {
	found := skycap.Release{Number: number, Revision: revision, Running: running}
	for name := range running {
		found.Services = append(found.Services, name)
	}
	return found
}

func TestCheckOwners(t *testing.T) {
	t.Parallel()
	const managed = `labels: {app.kubernetes.io/managed-by: skycap, skycap.dev/environment: staging, skycap.dev/app: `
	const ofProduction = `labels: {app.kubernetes.io/managed-by: skycap, skycap.dev/environment: production, skycap.dev/app: storefront}`
	const web = `Deployment "web"`
	for name, test := range map[string]struct {
		labels string // of the object that is there; empty: none is
		adopt  bool
		want   error
	}{
		"nothing there":                   {"", false, nil},
		"ours":                            {managed + "storefront}", false, nil},
		"another app's":                   {managed + "billing}", false, &OwnerError{Object: web, App: "billing", Environment: "staging"}},
		"another app's, adopting":         {managed + "billing}", true, &OwnerError{Object: web, App: "billing", Environment: "staging"}},
		"another environment's":           {ofProduction, false, &OwnerError{Object: web, App: "storefront", Environment: "production"}},
		"another environment's, adopting": {ofProduction, true, &OwnerError{Object: web, App: "storefront", Environment: "production"}},
		"nobody's":                        {"labels: {}", false, &OwnerError{Object: web}},
		"nobody's, adopting":              {"labels: {}", true, nil},
		"helm's with our label":           {"labels: {app.kubernetes.io/managed-by: Helm, skycap.dev/app: storefront}", false, &OwnerError{Object: web}},
		"managed, of no app":              {"labels: {app.kubernetes.io/managed-by: skycap}", false, &OwnerError{Object: web}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var live []*unstructured.Unstructured
			if test.labels != "" {
				live = append(live, object(t, "{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: web, "+test.labels+"}}"))
			}
			n := &Namespace{App: "storefront", Environment: "staging"}
			err := n.checkOwners([]manifest.Object{{Unstructured: deployment(t)}}, indexed(live), test.adopt)
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			var owner *OwnerError
			require.ErrorAs(t, err, &owner)
			assert.Equal(t, test.want, error(owner))
		})
	}
}

func TestCheckScope(t *testing.T) {
	t.Parallel()
	wanted := manifest.Object{Unstructured: object(t, "{kind: Widget, metadata: {name: w, labels: {skycap.dev/service: web}}}"), Source: "w.yaml:3"}
	global := object(t, "{kind: Widget, metadata: {name: w}}")
	require.NoError(t, checkScope(wanted, nil))
	require.NoError(t, checkScope(wanted, object(t, "{kind: Widget, metadata: {name: w, namespace: shop}}")))
	require.EqualError(t, checkScope(wanted, global),
		`w.yaml:3: Widget "w" is cluster-scoped; services.web.kubernetes.allow does not list "cluster-scoped"`)
	wanted.Allow = []string{manifest.AllowClusterScoped}
	require.NoError(t, checkScope(wanted, global))
}

func TestChangesOf(t *testing.T) {
	t.Parallel()
	live := object(t, "{kind: Service, metadata: {name: web, labels: {skycap.dev/service: web}}, spec: {a: 1}}")
	wanted := object(t, "{kind: Service, metadata: {name: web, labels: {skycap.dev/service: web}}, spec: {a: 2}}")
	written := manifest.Object{Unstructured: live}
	change := skycap.ObjectChange{Service: "web", Kind: "Service", Name: "web", Action: "create"}
	assert.Equal(t, []skycap.ObjectChange{change}, changesOf(written, nil, wanted, nil))
	assert.Empty(t, changesOf(written, live, live, nil))
	change.Action, change.Fields = "update", []skycap.FieldChange{{Path: "spec.a", Old: int64(1), New: int64(2)}}
	assert.Equal(t, []skycap.ObjectChange{change}, changesOf(written, live, wanted, nil))

	plan := target.Plan{Changes: []skycap.ObjectChange{change}}
	assert.True(t, changes(plan, written))
	assert.False(t, changes(plan, manifest.Object{Unstructured: object(t, "{kind: Service, metadata: {name: web}}")}), "another service's")
	assert.False(t, changes(target.Plan{}, written))
}

func TestRunningIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		image, imageID, want, digest string
	}{
		"as containerd says":      {web + ":t@" + digestA, web + "@" + digestA, web + "@" + digestA, digestA},
		"as docker says":          {web + ":t@" + digestA, "docker-pullable://" + web + "@" + digestA, web + "@" + digestA, digestA},
		"another than was asked":  {web + ":t", web + "@" + digestB, web + "@" + digestB, digestB},
		"the id of a local image": {web + ":t@" + digestA, digestB, web + "@" + digestA, digestA},
		"docker's of one":         {web + ":t@" + digestA, "docker://" + digestB, web + "@" + digestA, digestA},
		"a simulated node":        {web + ":t@" + digestA, "", web + "@" + digestA, digestA},
		"nobody knows":            {web + ":t", "", web, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pod := corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{manifest.AnnotationConfig: "c1"}},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: test.image}}},
				Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "web", ImageID: test.imageID}}},
			}
			assert.Equal(t, running{image: test.want, digests: []string{test.digest}, config: "c1"}, runningIn(pod))
		})
	}
	pod := corev1.Pod{
		Spec: corev1.PodSpec{
			InitContainers: []corev1.Container{{Name: "migrate", Image: web + "@" + digestB}},
			Containers:     []corev1.Container{{Name: "web", Image: web + "@" + digestA}, {Name: "proxy", Image: "proxy"}},
		},
		Status: corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{{Name: "migrate", ImageID: web + "@" + digestB}}},
	}
	assert.Equal(t, running{image: web + "@" + digestA, digests: []string{digestA, "", digestB}}, runningIn(pod), "not yet started ones too")
}

func pod(name, digest, config string, change ...func(*corev1.Pod)) corev1.Pod {
	made := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Annotations: map[string]string{manifest.AnnotationConfig: config}, CreationTimestamp: metav1.Unix(100, 0),
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: web + ":t@" + digest}}},
	}
	for _, apply := range change {
		apply(&made)
	}
	return made
}

func TestServiceStatus(t *testing.T) {
	t.Parallel()
	releases := []skycap.Release{
		summary(9, "r9", map[string]skycap.Running{"other": {}}),
		summary(10, "r10", map[string]skycap.Running{"web": {Config: "c2", Digests: []string{digestA, digestB}}}),
		summary(8, "r8", map[string]skycap.Running{"web": {Config: "c1", Digests: []string{digestB}}}),
		summary(7, "r7", map[string]skycap.Running{"web": {Config: "c1", Digests: []string{digestA}}}),
		summary(6, "r6", map[string]skycap.Running{"web": {Config: "c1", Digests: []string{digestA}}}),
	}
	n := &Namespace{App: "storefront", Environment: "staging"}
	gone := func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }
	done := func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }
	foreign := func(p *corev1.Pod) {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "proxy", Image: "proxy@sha256:foreign"})
	}
	for name, test := range map[string]struct {
		pods     []corev1.Pod
		revision string
		release  int
		each     string
	}{
		"none":                       {nil, "", 0, ""},
		"all of one":                 {[]corev1.Pod{pod("b", digestB, "c1"), pod("a", digestB, "c1")}, "r8", 8, "a r8, b r8"},
		"the newest that it can be":  {[]corev1.Pod{pod("a", digestA, "c1")}, "r7", 7, "a r7"},
		"mixed":                      {[]corev1.Pod{pod("b", digestA, "c1"), pod("a", digestB, "c1")}, "", 0, "a r8, b r7"},
		"one of two images each":     {[]corev1.Pod{pod("a", digestA, "c2"), pod("b", digestB, "c2")}, "r10", 10, "a r10, b r10"},
		"beside a foreign image":     {[]corev1.Pod{pod("a", digestB, "c1", foreign)}, "r8", 8, "a r8"},
		"a foreign image alone":      {[]corev1.Pod{pod("a", "sha256:foreign", "c1")}, "", 0, "a "},
		"one of no release":          {[]corev1.Pod{pod("a", digestB, "c1"), pod("b", digestB, "c0")}, "", 0, "a r8, b "},
		"of no release":              {[]corev1.Pod{pod("a", digestB, "c0")}, "", 0, "a "},
		"going and done don't count": {[]corev1.Pod{pod("a", digestA, "c1", gone), pod("b", digestA, "c1", done), pod("c", digestB, "c1")}, "r8", 8, "c r8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := n.serviceStatus("web", rollout.Objects{Pods: test.pods}, releases, time.Time{})
			assert.Equal(t, test.revision, status.Revision)
			assert.Equal(t, test.release, status.Release)
			var each []string
			for _, instance := range status.Instances {
				each = append(each, instance.Name+" "+instance.Revision)
			}
			assert.Equal(t, test.each, strings.Join(each, ", "))
			assert.Equal(t, []any{"staging", "web", skycap.TargetKubernetes}, []any{status.Environment, status.Service, status.Target})
			assert.NotNil(t, status.Instances, "an empty list in JSON, not null")
		})
	}
}

func TestInstance(t *testing.T) {
	t.Parallel()
	started := metav1.NewTime(time.Unix(200, 0).In(time.FixedZone("CET", 3600)))
	objects := rollout.Objects{
		Deployments: []appsv1.Deployment{{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Status: appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1}}},
		Pods: []corev1.Pod{pod("a", digestA, "c1", func(p *corev1.Pod) {
			p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet"}}
			p.Status.StartTime = &started
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", RestartCount: 2}, {Name: "proxy", RestartCount: 3}}
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		}), pod("b", digestA, "", func(p *corev1.Pod) { p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet"}} })},
	}
	status := (&Namespace{Environment: "staging"}).serviceStatus("web", objects, nil, time.Time{})
	assert.Equal(t, skycap.StateProgressing, status.State)
	assert.Equal(t, "0 of 1 pods ready", status.Message)
	assert.Equal(t, []skycap.Instance{
		{Name: "a", Ready: true, Restarts: 5, Since: time.Unix(200, 0).UTC(), Image: web + "@" + digestA, Config: "c1"},
		{Name: "b", Since: time.Unix(100, 0).UTC(), Image: web + "@" + digestA},
	}, status.Instances)
}

func TestErrorsOfTheTarget(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		`Deployment "web" belongs to app "billing" in environment "prod"`:        &OwnerError{Object: `Deployment "web"`, App: "billing", Environment: "prod"},
		`Deployment "web" exists and was not created by skycap`:                  &OwnerError{Object: `Deployment "web"`},
		`service "web" is not deployed in environment "staging"`:                 &NotDeployedError{Service: "web", Environment: "staging"},
		`context "prod" leads to cluster "b", not to "a" as skycap.yaml pins it`: &ClusterError{Context: "prod", Want: "a", Have: "b"},
	} {
		require.EqualError(t, err, want)
	}
	assert.False(t, failedFor(errors.New("x"), "exists"))
}
