package kubernetes

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
)

// machine is a node of Linux, by its labels alone as its metadata tells.
func machine(name, architecture string, taints ...corev1.Taint) corev1.Node {
	return corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelOSStable: "linux", corev1.LabelArchStable: architecture}},
		Spec:       corev1.NodeSpec{Taints: taints},
	}
}

// runs is a Deployment whose pods run an image, with more in their spec.
func runs(t *testing.T, reference, more string) manifest.Object {
	t.Helper()
	return manifest.Object{Unstructured: object(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web, image: "`+reference+`"}, {name: proxy, image: proxy:1}]`+more+`}}}`)}
}

func TestPlatformsAreComparedWithTheNodes(t *testing.T) {
	t.Parallel()
	linux := func(architectures ...string) []image.Platform {
		var all []image.Platform
		for _, architecture := range architectures {
			all = append(all, image.Platform{OS: "linux", Architecture: architecture})
		}
		return all
	}
	arm := corev1.Taint{Key: "kubernetes.io/arch", Value: "arm64", Effect: corev1.TaintEffectNoSchedule}
	intel, other := machine("a", "amd64"), machine("b", "arm64")
	const affine = `, affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: `
	for name, test := range map[string]struct {
		built []image.Platform
		more  string // of the pods
		nodes []corev1.Node
		fault string // its nodes
		warns string
	}{
		"all can":               {built: linux("amd64"), nodes: []corev1.Node{intel, intel}},
		"of several platforms":  {built: linux("amd64", "arm64"), nodes: []corev1.Node{intel, other}},
		"it says nothing":       {nodes: []corev1.Node{other}},
		"no nodes":              {built: linux("amd64")},
		"a node says nothing":   {built: linux("arm64"), nodes: []corev1.Node{{}}},
		"none can":              {built: linux("arm64"), nodes: []corev1.Node{intel, intel}, fault: "linux/amd64"},
		"some can't":            {built: linux("arm64"), nodes: []corev1.Node{intel, other, intel}, warns: "2 of 3 are linux/amd64"},
		"a selector":            {built: linux("arm64"), more: ", nodeSelector: {kubernetes.io/arch: arm64}", nodes: []corev1.Node{intel, other}},
		"a selector of others":  {built: linux("arm64"), more: ", nodeSelector: {kubernetes.io/arch: amd64}", nodes: []corev1.Node{intel, other}, fault: "linux/amd64"},
		"a selector of nothing": {built: linux("arm64"), more: ", nodeSelector: {disk: fast}", nodes: []corev1.Node{intel}},
		"an affinity":           {built: linux("arm64"), more: affine + "In, values: [arm64]}]}]}}}", nodes: []corev1.Node{intel, other}},
		"an affinity of others": {built: linux("arm64"), more: affine + "NotIn, values: [arm64]}]}]}}}", nodes: []corev1.Node{intel, other}, fault: "linux/amd64"},
		"a taint":               {built: linux("amd64"), nodes: []corev1.Node{intel, machine("b", "arm64", arm)}},
		"a taint that is tolerated": {
			built: linux("amd64"), more: ", tolerations: [{key: kubernetes.io/arch, operator: Exists}]",
			nodes: []corev1.Node{intel, machine("b", "arm64", arm)}, warns: "1 of 2 are linux/arm64",
		},
		"one node by its name": {built: linux("amd64"), more: ", nodeName: a", nodes: []corev1.Node{intel, other}},
	} {
		pinned := image.Image{Repository: "r.example.com/web", Tag: "1", Digest: digestA, Platforms: test.built}
		found := withPlatforms(&release.Release{Services: []release.Service{{
			Name: "web", Images: map[string]image.Image{"web": pinned}, Objects: []manifest.Object{runs(t, pinned.String(), test.more)},
		}}})
		warned := ""
		var err error
		for _, p := range found {
			err = p.judged(test.nodes, func(text string) { warned += text })
		}
		if test.fault != "" {
			assert.EqualError(t, err, `image "r.example.com/web:1" of service "web" is built for linux/arm64, and the nodes that Deployment "web" may go to are `+test.fault, name)
		} else {
			assert.NoError(t, err, name)
		}
		assert.Contains(t, warned, test.warns, name)
		assert.Equal(t, test.warns == "", warned == "", "%s: %s", name, warned)
	}
}

func TestOnlyWhatTheReleaseHasProvenIsCompared(t *testing.T) {
	t.Parallel()
	pinned := image.Image{Repository: "r.example.com/web", Tag: "1", Digest: digestA, Platforms: []image.Platform{{OS: "linux", Architecture: "arm64"}}}
	made := &release.Release{Services: []release.Service{{
		Name: "web", Images: map[string]image.Image{"web": pinned},
		Objects: []manifest.Object{runs(t, "other@sha256:bb", ""), runs(t, pinned.String(), ", initContainers: [{name: first, image: '"+pinned.String()+"'}]")},
	}}}
	assert.Len(t, withPlatforms(made), 1, "each image of a pod once")
	made.Services[0].Images["web"] = image.Parse(pinned.String())
	assert.Empty(t, withPlatforms(made), "records say nothing of platforms")
}

func TestMayGo(t *testing.T) {
	t.Parallel()
	node := machine("a", "amd64")
	node.Labels["cores"] = "8"
	demands := func(requirements ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: requirements}
	}
	is := func(key string, operator corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorRequirement {
		return corev1.NodeSelectorRequirement{Key: key, Operator: operator, Values: values}
	}
	for name, test := range map[string]struct {
		terms []corev1.NodeSelectorTerm
		want  bool
	}{
		"one of two":         {[]corev1.NodeSelectorTerm{demands(is("x", corev1.NodeSelectorOpExists)), demands(is("cores", corev1.NodeSelectorOpGt, "4"))}, true},
		"both":               {[]corev1.NodeSelectorTerm{demands(is("x", corev1.NodeSelectorOpExists), is("cores", corev1.NodeSelectorOpGt, "4"))}, false},
		"less":               {[]corev1.NodeSelectorTerm{demands(is("cores", corev1.NodeSelectorOpLt, "8"))}, false},
		"not there":          {[]corev1.NodeSelectorTerm{demands(is("x", corev1.NodeSelectorOpDoesNotExist))}, true},
		"by name":            {[]corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{is("metadata.name", corev1.NodeSelectorOpIn, "a")}}}, true},
		"by another":         {[]corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{is("metadata.name", corev1.NodeSelectorOpIn, "b")}}}, false},
		"what says nothing":  {[]corev1.NodeSelectorTerm{{}}, false},
		"what is no demand":  {[]corev1.NodeSelectorTerm{demands(is("cores", "Like", "8"))}, false},
		"nothing to fulfill": {nil, false},
	} {
		pod := corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: test.terms},
		}}}
		assert.Equal(t, test.want, mayGo(pod, node), name)
	}
	assert.True(t, mayGo(corev1.PodSpec{}, node))
}
