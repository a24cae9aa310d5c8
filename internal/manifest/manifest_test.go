package manifest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/revision"
)

const deployment = `# the web
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers: [{name: prepare, image: "localhost:5000/shop/web:old"}]
      containers:
        - {name: web, image: web}
        - {name: proxy, image: "envoy:1"}
`

const service = `apiVersion: v1
kind: Service
metadata: {name: web}
`

func files(pairs ...string) revision.Tree {
	tree := revision.Tree{}
	for i := 0; i < len(pairs); i += 2 {
		tree[pairs[i]] = revision.File{Data: []byte(pairs[i+1])}
	}
	return tree
}

func pinned() image.Image {
	return image.Image{Repository: "localhost:5000/shop/web", Tag: "3f2c1a9b8d70", Digest: "sha256:abc"}
}

func web(tree revision.Tree) Service {
	return Service{
		App: "shop", Name: "web", Environment: "staging", Namespace: "shop-staging",
		Files: tree, Manifests: "deploy/web",
		Repositories: map[string]string{"web": pinned().Repository},
	}
}

func TestBuildPinsMountsAndLabels(t *testing.T) {
	t.Parallel()
	s := web(files("deploy/web/all.yaml", deployment+"---\n"+service, "deploy/web/README.md", "not a manifest"))
	s.Config = config.Tree{Files: files("greeting.txt", "hello"), Hash: "c91e000000"}
	s.Mount = "/etc/shop"
	objects, err := s.Build()
	require.NoError(t, err)
	Pin(objects, map[string]image.Image{"web": pinned()})
	kinds := make([]string, len(objects))
	labels := map[string]string{LabelManagedBy: "skycap", LabelApp: "shop", LabelService: "web", LabelEnvironment: "staging"}
	for i, object := range objects {
		kinds[i] = object.GetKind()
		assert.Equal(t, labels, object.GetLabels(), object.String())
	}
	assert.Equal(t, []string{"ConfigMap", "Service", "Deployment"}, kinds)

	pod, _, _ := unstructured.NestedMap(objects[2].Object, "spec", "template")
	podLabels, _, _ := unstructured.NestedStringMap(pod, "metadata", "labels")
	labels["app"] = "web"
	assert.Equal(t, labels, podLabels)
	annotations, _, _ := unstructured.NestedStringMap(pod, "metadata", "annotations")
	assert.Equal(t, map[string]string{AnnotationConfig: "c91e000000"}, annotations, "no revision, no release: those would roll pods")
	for i, container := range Containers(objects[2]) {
		want := pinned().String()
		if i == 2 {
			want = "envoy:1"
		}
		assert.Equal(t, want, container["image"])
		assert.Equal(t, []any{map[string]any{"name": "skycap-config", "mountPath": "/etc/shop", "readOnly": true}}, container["volumeMounts"])
	}
	volumes, _, _ := unstructured.NestedSlice(pod, "spec", "volumes")
	assert.Equal(t, []any{map[string]any{"name": "skycap-config", "configMap": map[string]any{"name": "shop-web-config-c91e000000"}}}, volumes)
	assert.Equal(t, true, objects[0].Object["immutable"])
	assert.Equal(t, map[string]any{"greeting.txt": "hello"}, objects[0].Object["data"])
}

func TestPodTemplatesByShape(t *testing.T) {
	t.Parallel()
	containers := "containers: [{name: a, image: web}]"
	for _, text := range []string{
		"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {jobTemplate: {spec: {template: {spec: {" + containers + "}}}}}",
		"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {" + containers + "}",
		"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: a}\nspec: {template: {spec: {" + containers + "}}}",
		"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a}, spec: {template: {spec: {" + containers + "}}}}",
	} {
		objects, err := web(files("deploy/web", text)).Build()
		require.NoError(t, err, text)
		require.Len(t, Containers(objects[0]), 1, text)
		Pin(objects, map[string]image.Image{"web": pinned()})
		assert.Equal(t, pinned().String(), Containers(objects[0])[0]["image"])
	}
}

func TestNastyTreesKeepPathsBytesAndModes(t *testing.T) {
	t.Parallel()
	tree := files(
		"plain.txt", "text\r\n\ttab", "sub/dir/a", "1", ".env", "", "with space", "s", "ü", "u", "quote'\"", "q",
		"x-0123456789abcdef", "looks encoded", "binary", "\x00\xff", "control", "a\x1bb", strings.Repeat("n", 254), "long",
	)
	tree["run.sh"] = revision.File{Data: []byte("#!"), Executable: true}
	s := Service{App: "a", Name: "b", Config: config.Tree{Files: tree, Hash: "0123456789"}, Mount: "/c"}
	maps := s.payloads()[0].pack()
	require.Len(t, maps, 1)
	got := revision.Tree{}
	for _, item := range maps[0].items {
		item := item.(map[string]any)
		key := item["key"].(string)
		assert.Regexp(t, plainKey, key)
		text, isText, _ := unstructured.NestedString(maps[0].object.Object, "data", key)
		data := []byte(text)
		if !isText {
			encoded, _, _ := unstructured.NestedString(maps[0].object.Object, "binaryData", key)
			data, _ = base64.StdEncoding.DecodeString(encoded)
		}
		got[item["path"].(string)] = revision.File{Data: data, Executable: item["mode"] == int64(0o755)}
	}
	assert.Equal(t, tree, got)
	binary, _, _ := unstructured.NestedMap(maps[0].object.Object, "binaryData")
	assert.Len(t, binary, 2, "what JSON would not carry as it is")
	assert.Equal(t, "plain.txt", fileKey("plain.txt"))
	assert.Equal(t, "x-fe06fadfb4db8381", fileKey("sub/dir/a"), "x- and 16 hex of the path's sha256")
}

func TestLargeTreesBecomeSeveralMaps(t *testing.T) {
	t.Parallel()
	tree := revision.Tree{}
	for i := range 4 {
		tree[fmt.Sprint("file", i)] = revision.File{Data: make([]byte, 500<<10)}
	}
	tree["zz-largest"] = revision.File{Data: make([]byte, config.MaxFileSize)}
	tree["zz.env"] = revision.File{Data: []byte("A=1\n")}
	s := web(files("deploy/web/all.yaml", deployment))
	s.Config, s.Mount, s.Env = config.Tree{Files: tree, Hash: "0123456789"}, "/c", true
	objects, err := s.Build()
	require.NoError(t, err)
	var names []string
	for _, object := range objects[:len(objects)-1] {
		names = append(names, object.GetName())
	}
	base := "shop-web-config-0123456789"
	assert.Equal(t, []string{base, base + "-2", base + "-3", base + "-4", base + "-5", base + "-6"}, names)
	pod := podTemplates(objects[len(objects)-1])[0]
	sources, _, _ := unstructured.NestedSlice(mapsIn(child(pod, "spec")["volumes"])[0], "projected", "sources")
	assert.Len(t, sources, 5, "the variables are not mounted")
	for _, container := range containersOf(pod) {
		assert.Equal(t, []any{map[string]any{"configMapRef": map[string]any{"name": base + "-6"}}}, container["envFrom"])
	}
}

func TestKustomization(t *testing.T) {
	t.Parallel()
	overlay := files(
		"deploy/web/kustomization.yaml", "resources: [../base]\nnamePrefix: my-\nimages: [{name: web, newName: web}]\n",
		"deploy/base/kustomization.yaml", "resources: [web.yaml]\n", "deploy/base/web.yaml", deployment)
	objects, err := web(overlay).Build()
	require.NoError(t, err)
	require.Len(t, objects, 1)
	assert.Equal(t, "my-web", objects[0].GetName())

	delete(overlay, "deploy/base/kustomization.yaml")
	delete(overlay, "deploy/base/web.yaml")
	assert.Equal(t, []string{"deploy/base"}, Outside(overlay, "deploy/web"))
	_, err = web(overlay).Build()
	assert.ErrorContains(t, err, `resources names "../base", which the revision does not have`)
	for _, base := range []string{
		"https://github.com/a/b//c?ref=v1", "github.com/a/b", "git@github.com:a/b", "ssh://git@h/a", "git::https://h/a", "user@host:a/b", "h.example/a.git/b",
	} {
		_, err = web(files("deploy/web/kustomization.yaml", "resources: ['"+base+"']")).Build()
		var refused *RemoteError
		require.ErrorAs(t, err, &refused, base)
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	tree := files(
		"deploy/web/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: other}\n---\n\n# a comment\nkind: Nothing\n",
		"deploy/web/b.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n---\napiVersion: v1\nkind: Service\nmetadata: {}\n",
		"deploy/web/c.yaml", service+"---\napiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {skycap.dev/app: another}}\n",
	)
	_, err := web(tree).Build()
	for _, want := range []string{
		`deploy/web/a.yaml:1: ConfigMap "a" is of namespace "other"; environment "staging" is namespace "shop-staging"`,
		"deploy/web/a.yaml:7: is no Kubernetes object: it needs apiVersion and kind",
		`deploy/web/b.yaml:1: Namespace "b" is cluster-scoped`, "deploy/web/b.yaml:5: a Service without metadata.name",
		`deploy/web/c.yaml:5: Service "web" is already defined at deploy/web/c.yaml:1`,
		`deploy/web/c.yaml:5: Service "web" has the label skycap.dev/app=another; it is deployed as "shop"`,
		`deploy/web: no workload: service "web" has no object here that runs pods`,
	} {
		assert.ErrorContains(t, err, want)
	}
}

func TestLoadRefusals(t *testing.T) {
	t.Parallel()
	for want, tree := range map[string]revision.Tree{
		"deploy/web: no manifests there at this revision":              files("deploy/other.yaml", service),
		"deploy/web: its files (*.yaml, *.yml, *.json) hold no object": files("deploy/web/README.md", "x"),
		"deploy/web/a.yaml:1: did not find expected":                   files("deploy/web/a.yaml", "a: [b\n"),
		`deploy/web/a.yaml:4: key "kind" already set in map`:           files("deploy/web/a.yaml", "---\n\nkind: A\nkind: B\n"),
		`deploy/web/a.yaml:6: found character`:                         files("deploy/web/a.yaml", service+"---\na:\n\tb: c\n"),
		`deploy/web/a.yaml:1: is no Kubernetes object: it has no keys`: files("deploy/web/a.yaml", "- a list\n"),
		`a.yaml:2: invalid map key`:                                    files("deploy/web/a.yaml", "\na: {{ .B }}\n"),
		`manifests are not rendered as templates`:                      files("deploy/web/a.yaml", "\na: {{ .B }}\n"),
		"exceeded max depth":                                           files("deploy/web/a.yaml", "kind: A\na: "+strings.Repeat("[", 20000)),
		`invalid leading UTF-8`:                                        files("deploy/web/a.yaml", "a: \xff\n"),
	} {
		_, err := Load(tree, "deploy/web", false)
		assert.ErrorContains(t, err, want)
	}
}

// bomb is YAML whose aliases multiply to 10^9 texts.
func bomb() string {
	text := strings.Builder{}
	text.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nx0: &x0 [a, a, a, a, a, a, a, a, a, a]\n")
	for i := range 8 {
		alias := fmt.Sprintf("*x%d", i)
		fmt.Fprintf(&text, "x%d: &x%d [%s]\n", i+1, i+1, strings.Join(slices.Repeat([]string{alias}, 10), ", "))
	}
	return text.String()
}

func TestWhatWouldNotEndIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text, want string
	}{
		"aliases that multiply": {bomb(), "excessive aliasing"},
		"an alias of itself":    {"apiVersion: v1\nkind: A\nmetadata: &m\n  name: a\n  x: *m\n", "contains itself"},
	} {
		for place, tree := range map[string]revision.Tree{
			"a file":          files("deploy/web", test.text),
			"a resource":      files("deploy/web/kustomization.yaml", "resources: [a.yaml]", "deploy/web/a.yaml", test.text),
			"a patch":         files("deploy/web/kustomization.yaml", "resources: [s.yaml]\npatches: [{path: a}]", "deploy/web/s.yaml", service, "deploy/web/a", test.text),
			"a kustomization": files("deploy/web/kustomization.yaml", test.text),
			"a patch within":  files("deploy/web/kustomization.yaml", fmt.Sprintf("resources: [s.yaml]\npatches: [{patch: %q}]", test.text), "deploy/web/s.yaml", service),
			"a patch above":   files("deploy/web/kustomization.yaml", "resources: [s.yaml]\npatches: [{path: ../a.yaml}]", "deploy/web/s.yaml", service, "deploy/a.yaml", test.text),
		} {
			t.Run(name+" in "+place, func(t *testing.T) {
				t.Parallel()
				_, err := Load(tree, "deploy/web", false)
				assert.ErrorContains(t, err, test.want)
			})
		}
	}
}

func TestLabelsAreTexts(t *testing.T) {
	t.Parallel()
	_, err := web(files("deploy/web/a.yaml", strings.Replace(deployment, "metadata: {name: web}", "metadata: {name: web, labels: {version: 1}}", 1))).Build()
	assert.ErrorContains(t, err, `deploy/web/a.yaml:2: metadata.labels of Deployment "web" must be texts`)
}

func TestResourcesOfAKustomizationAreNamedByLine(t *testing.T) {
	t.Parallel()
	_, err := Load(files("deploy/web/kustomization.yaml", "resources: [a.yaml, b.yaml]",
		"deploy/web/a.yaml", service+"---\nmetadata: {name: a}\n", "deploy/web/b.yaml", "- a list\n"), "deploy/web", false)
	assert.ErrorContains(t, err, "deploy/web/a.yaml:5: is no Kubernetes object: it needs apiVersion and kind")
	assert.ErrorContains(t, err, "deploy/web/b.yaml:1: is no Kubernetes object: it has no keys")
}

func TestNumbersStayWhole(t *testing.T) {
	t.Parallel()
	text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nspec: {big: 9007199254740993, half: 0.5}\n"
	for _, tree := range []revision.Tree{
		files("deploy/web/a.yaml", text),
		files("deploy/web/kustomization.yaml", "resources: [a.yaml]", "deploy/web/a.yaml", text),
	} {
		objects, err := Load(tree, "deploy/web", false)
		require.NoError(t, err)
		assert.Equal(t, map[string]any{"big": int64(9007199254740993), "half": 0.5}, objects[0].Object["spec"])
	}
}

func TestTakenMountsAreRefused(t *testing.T) {
	t.Parallel()
	s := web(files("deploy/web/a.yaml", strings.Replace(deployment, "{name: web, image: web}",
		"{name: web, image: web, volumeMounts: [{name: v, mountPath: /etc/shop/}]}", 1)))
	s.Config, s.Mount = config.Tree{Files: files("a", "b"), Hash: "0123456789"}, "/etc/shop"
	_, err := s.Build()
	assert.ErrorContains(t, err, `container "web" already mounts something at "/etc/shop"`)
}

func TestSecretsAreImmutableAndMounted(t *testing.T) {
	t.Parallel()
	s := Service{
		App: "shop", Name: "web", Environment: "staging", Namespace: "shop", Files: files("deploy/web.yaml", deployment), Manifests: "deploy",
		Secrets: config.Tree{Hash: "5ec4e70000", Files: revision.Tree{"pin": {Data: []byte("1234")}, "tls/key": {Data: []byte("\xff")}}}, SecretsMount: "/run/secrets/web",
	}
	objects, err := s.Build()
	require.NoError(t, err)
	at := slices.IndexFunc(objects, func(o Object) bool { return o.GetKind() == "Secret" })
	require.GreaterOrEqual(t, at, 0)
	secret := objects[at]
	assert.Equal(t, "shop-web-secrets-5ec4e70000", secret.GetName())
	assert.Equal(t, true, secret.Object["immutable"])
	key := fileKey("tls/key")
	assert.Equal(t, map[string]any{"pin": "MTIzNA==", key: "/w=="}, secret.Object["data"])
	assert.Equal(t, map[string]any{"pin": "[masked]", key: "[masked]"}, secret.Masked().Object["data"])
	assert.True(t, IsRendered(secret, "shop", "web"))
	assert.False(t, IsRendered(secret, "shop", "api"))

	pod := podTemplates(objects[slices.IndexFunc(objects, func(o Object) bool { return o.GetKind() == "Deployment" })])[0]
	volumes, _, _ := unstructured.NestedSlice(pod, "spec", "volumes")
	assert.Contains(t, volumes, map[string]any{"name": "skycap-secrets", "secret": map[string]any{
		"secretName": "shop-web-secrets-5ec4e70000",
		"items":      []any{map[string]any{"key": "pin", "path": "pin"}, map[string]any{"key": key, "path": "tls/key"}},
	}})
	annotations, _, _ := unstructured.NestedStringMap(pod, "metadata", "annotations")
	assert.Equal(t, map[string]string{AnnotationSecrets: "5ec4e70000"}, annotations)
	for _, container := range containersOf(pod) {
		assert.Contains(t, container["volumeMounts"], map[string]any{"name": "skycap-secrets", "mountPath": "/run/secrets/web", "readOnly": true})
	}
}
