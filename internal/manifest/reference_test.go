package manifest

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
)

// pods is a service with one Deployment for each pod spec.
func pods(specs ...string) Service {
	var text strings.Builder
	for i, spec := range specs {
		text.WriteString("---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d" + string(rune('0'+i)) + "}\nspec: {template: {spec: {" + spec + "}}}\n")
	}
	s := web(files("deploy/web", text.String()))
	s.Repositories = nil
	s.Config = config.Tree{Hash: "c0f1900000", Files: files("app.yaml", "a: 1", "sub/b", "2", "x.env", "LEVEL=debug\n")}
	s.Mount = "/etc/shop"
	s.Secrets = config.Tree{Hash: "5ec4e70000", Files: files("pin", "1234")}
	s.SecretsMount = "/run/shop"
	return s
}

// podsOf builds a service and returns its pod templates.
func podsOf(t *testing.T, s Service) []map[string]any {
	t.Helper()
	objects, err := s.Build()
	require.NoError(t, err)
	var found []map[string]any
	for _, object := range objects {
		found = append(found, podTemplates(object)...)
	}
	return found
}

func parsed(t *testing.T, text string) any {
	t.Helper()
	var value any
	require.NoError(t, yaml.Unmarshal([]byte(text), &value))
	return value
}

// assertYAML compares as JSON numbers would compare.
func assertYAML(t *testing.T, want string, got any) {
	t.Helper()
	text, err := yaml.Marshal(got)
	require.NoError(t, err)
	assert.Equal(t, parsed(t, want), parsed(t, string(text)))
}

func TestVolumesThatNameThePayload(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ volume, want string }{
		"all of it": {
			`{name: c, configMap: {name: shop-web-config, defaultMode: 288}}`,
			`{name: c, configMap: {name: shop-web-config-c0f1900000, defaultMode: 288, items: [
				{key: app.yaml, path: app.yaml}, {key: SUB_B, path: sub/b}, {key: x.env, path: x.env}]}}`,
		},
		"some of it": {
			`{name: c, configMap: {name: shop-web-config, items: [{key: sub/b, path: renamed, mode: 256}]}}`,
			`{name: c, configMap: {name: shop-web-config-c0f1900000, items: [{key: SUB_B, path: renamed, mode: 256}]}}`,
		},
		"what may not be there": {
			`{name: c, configMap: {name: shop-web-config, optional: true, items: [{key: none, path: x}, {key: app.yaml, path: y}]}}`,
			`{name: c, configMap: {name: shop-web-config-c0f1900000, optional: true, items: [{key: app.yaml, path: y}]}}`,
		},
		"among others": {
			`{name: c, projected: {sources: [{configMap: {name: other}}, {configMap: {name: shop-web-config, items: [{key: app.yaml, path: y}]}}, {secret: {name: shop-web-secrets}}]}}`,
			`{name: c, projected: {sources: [{configMap: {name: other}}, {configMap: {name: shop-web-config-c0f1900000, items: [{key: app.yaml, path: y}]}}, {secret: {name: shop-web-secrets-5ec4e70000}}]}}`,
		},
		"a secret": {
			`{name: c, secret: {secretName: shop-web-secrets, optional: false}}`,
			`{name: c, secret: {secretName: shop-web-secrets-5ec4e70000, optional: false}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pod := podsOf(t, pods("containers: [{name: a, image: b, volumeMounts: [{name: c, mountPath: /x}]}], volumes: ["+test.volume+"]"))[0]
			assertYAML(t, strings.ReplaceAll(test.want, "SUB_B", fileKey("sub/b")), mapsIn(child(pod, "spec")["volumes"])[0])
		})
	}
}

// A mode that a manifest says is who may read; what is executable in the repository stays so.
func TestExecutablesStaySoInVolumes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ volume, want string }{
		"an item":             {`configMap: {name: shop-web-config, items: [{key: run.sh, path: a}, {key: plain, path: b}]}`, `[{key: run.sh, path: a, mode: 0755}, {key: plain, path: b}]`},
		"an item with a mode": {`configMap: {name: shop-web-config, items: [{key: run.sh, path: a, mode: 0400}]}`, `[{key: run.sh, path: a, mode: 0400}]`},
		"a default":           {`configMap: {name: shop-web-config, defaultMode: 0440, items: [{key: run.sh, path: a}]}`, `[{key: run.sh, path: a, mode: 0550}]`},
		"a default for all":   {`configMap: {name: shop-web-config, defaultMode: 0600}`, `[{key: plain, path: plain}, {key: run.sh, path: run.sh, mode: 0700}]`},
		"all":                 {`configMap: {name: shop-web-config}`, `[{key: plain, path: plain}, {key: run.sh, path: run.sh, mode: 0755}]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pods("containers: [{name: a, image: b}], volumes: [{name: c, " + test.volume + "}, {name: d, projected: {defaultMode: 0440, sources: [{configMap: {name: shop-web-config, items: [{key: run.sh, path: a}]}}]}}]")
			s.Config.Files = revision.Tree{"run.sh": {Executable: true}, "plain": {}}
			volumes := mapsIn(child(podsOf(t, s)[0], "spec")["volumes"])
			assertYAML(t, test.want, child(volumes[0], "configMap")["items"])
			assertYAML(t, `{defaultMode: 0440, sources: [{configMap: {name: shop-web-config-c0f1900000, items: [{key: run.sh, path: a, mode: 0550}]}}]}`, volumes[1]["projected"])
		})
	}
}

func TestVariablesThatNameThePayload(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ container, want string }{
		"all variables": {
			`envFrom: [{configMapRef: {name: other}}, {prefix: P_, configMapRef: {name: shop-web-config, optional: true}}]`,
			`envFrom: [{configMapRef: {name: other}}, {prefix: P_, configMapRef: {name: shop-web-config-c0f1900000-2, optional: true}}]`,
		},
		"one variable": {
			`env: [{name: A, value: b}, {name: L, valueFrom: {configMapKeyRef: {name: shop-web-config, key: LEVEL}}}]`,
			`env: [{name: A, value: b}, {name: L, valueFrom: {configMapKeyRef: {name: shop-web-config-c0f1900000-2, key: LEVEL}}}]`,
		},
		"a file": {
			`env: [{name: L, valueFrom: {configMapKeyRef: {name: shop-web-config, key: sub/b}}}]`,
			`env: [{name: L, valueFrom: {configMapKeyRef: {name: shop-web-config-c0f1900000, key: SUB_B}}}]`,
		},
		"a secret": {
			`env: [{name: PIN, valueFrom: {secretKeyRef: {name: shop-web-secrets, key: pin}}}]`,
			`env: [{name: PIN, valueFrom: {secretKeyRef: {name: shop-web-secrets-5ec4e70000, key: pin}}}]`,
		},
		"secrets without *.env files": {
			`envFrom: [{secretRef: {name: shop-web-secrets}}]`,
			`envFrom: [{secretRef: {name: shop-web-secrets-5ec4e70000}}]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			container := containersOf(podsOf(t, pods("containers: [{name: a, image: b, "+test.container+"}]"))[0])[0]
			want := parsed(t, "{"+strings.ReplaceAll(test.want, "SUB_B", fileKey("sub/b"))+"}").(map[string]any)
			for field, value := range want {
				text, err := yaml.Marshal(value)
				require.NoError(t, err)
				assertYAML(t, string(text), container[field])
			}
			assert.Len(t, container["volumeMounts"], 2, "variables alone leave the trees at their mounts")
		})
	}
}

func TestPodsThatDoNotNameIt(t *testing.T) {
	t.Parallel()
	found := podsOf(t, pods(
		"containers: [{name: a, image: b}], volumes: [{name: c, configMap: {name: shop-web-config}}]",
		"containers: [{name: a, image: b}]",
	))
	assert.Equal(t, map[string]any{AnnotationConfig: "c0f1900000", AnnotationSecrets: "5ec4e70000"}, child(child(found[0], "metadata"), "annotations"))
	assert.Equal(t, map[string]any{AnnotationConfig: Unused, AnnotationSecrets: "5ec4e70000"}, child(child(found[1], "metadata"), "annotations"))
	assertYAML(t, `[{name: c, configMap: {name: shop-web-config-c0f1900000, items: [
		{key: app.yaml, path: app.yaml}, {key: `+fileKey("sub/b")+`, path: sub/b}, {key: x.env, path: x.env}]}},
		{name: skycap-secrets, secret: {secretName: shop-web-secrets-5ec4e70000}}]`, child(found[0], "spec")["volumes"])
	assertYAML(t, `[{name: skycap-secrets, secret: {secretName: shop-web-secrets-5ec4e70000}}]`, child(found[1], "spec")["volumes"])
}

func TestVariablesOfAllContainersComeOnce(t *testing.T) {
	t.Parallel()
	s := pods("containers: [{name: a, image: b, envFrom: [{configMapRef: {name: shop-web-config}}]}, {name: c, image: d}]")
	s.Env = true
	for _, container := range containersOf(podsOf(t, s)[0]) {
		assertYAML(t, `[{configMapRef: {name: shop-web-config-c0f1900000-2}}]`, container["envFrom"])
	}
}

func TestVariablesAreText(t *testing.T) {
	t.Parallel()
	s := pods("containers: [{name: a, image: b, env: [{name: A, valueFrom: {configMapKeyRef: {name: shop-web-config, key: MARKUP}}}]}]")
	s.Config.Files = files("x.env", "MARKUP=<<<>>>\n", "binary", "\x00")
	objects, err := s.Build()
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"MARKUP": "<<<>>>"}, objects[2].Object["data"], "containers take no variable from binaryData")

	s.Files = files("deploy/web", strings.ReplaceAll(string(s.Files["deploy/web"].Data), "MARKUP", "binary"))
	_, err = s.Build()
	assert.ErrorContains(t, err, `takes a variable from "binary" of ConfigMap "shop-web-config", which is no text`)
}

func TestSeveralMapsBehindOneName(t *testing.T) {
	t.Parallel()
	s := pods("containers: [{name: a, image: b}], volumes: [{name: c, configMap: {name: shop-web-config, defaultMode: 288}}, {name: d, configMap: {name: shop-web-config, items: [{key: two, path: z}]}}]")
	s.Config.Files = revision.Tree{"one": {Data: make([]byte, 600<<10)}, "two": {Data: make([]byte, 600<<10)}}
	assertYAML(t, `[
		{name: c, projected: {defaultMode: 288, sources: [{configMap: {name: shop-web-config-c0f1900000}}, {configMap: {name: shop-web-config-c0f1900000-2}}]}},
		{name: d, configMap: {name: shop-web-config-c0f1900000-2, items: [{key: two, path: z}]}}]`,
		child(podsOf(t, s)[0], "spec")["volumes"].([]any)[:2])
}

func TestReferencesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	s := pods("containers: [{name: a, image: b, env: [{name: A, valueFrom: {configMapKeyRef: {name: shop-web-config, key: NONE}}}]}], volumes: [{name: c, configMap: {name: shop-web-config, items: [{key: none.yaml, path: x}]}}]")
	s.Files["deploy/web"] = revision.File{Data: append(s.Files["deploy/web"].Data, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop-web-config}\n"...)}
	_, err := s.Build()
	for _, want := range []string{
		`Deployment "d0" names "NONE" of ConfigMap "shop-web-config", which has no such file`,
		`Deployment "d0" names "none.yaml" of ConfigMap "shop-web-config"`,
		`ConfigMap "shop-web-config" has the name that stands for what skycap.yaml renders; rename or remove it`,
	} {
		assert.ErrorContains(t, err, want)
	}
}

func TestNamesThatNothingMakesAreRefused(t *testing.T) {
	t.Parallel()
	const (
		why  = `deploy/web:2: Deployment "d0" names `
		only = `which nothing makes: it stands for what skycap.yaml renders of service "api", and only that may use it`
	)
	for name, test := range map[string]struct{ spec, more, want string }{
		"config": {
			"volumes: [{name: c, configMap: {name: shop-api-config}}]", "", why + `ConfigMap "shop-api-config" in volume "c", ` + only,
		},
		"secrets": {
			"volumes: [{name: c, projected: {sources: [{secret: {name: shop-api-secrets}}]}}]", "", why + `Secret "shop-api-secrets" in volume "c", ` + only,
		},
		"variables": {
			"initContainers: [{name: i, image: b, envFrom: [{configMapRef: {name: shop-api-config}}]}]", "",
			why + `ConfigMap "shop-api-config" in envFrom of container "i", ` + only,
		},
		"a variable": {
			"initContainers: [{name: i, image: b, env: [{name: A, valueFrom: {secretKeyRef: {name: shop-api-secrets, key: a}}}]}]", "",
			why + `Secret "shop-api-secrets" in env of container "i"`,
		},
		"to pull with": {"imagePullSecrets: [{name: shop-api-secrets}]", "", why + `Secret "shop-api-secrets" in imagePullSecrets`},
		"optional":     {"volumes: [{name: c, configMap: {name: shop-api-config, optional: true}}]", "", ""},
		"written by hand": {
			"volumes: [{name: c, configMap: {name: shop-api-config}}]", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop-api-config}\n", "",
		},
		"of another kind": {
			"volumes: [{name: c, configMap: {name: shop-api-config}}]", "apiVersion: v1\nkind: Secret\nmetadata: {name: shop-api-config}\n",
			why + `ConfigMap "shop-api-config"`,
		},
		"made by a controller": {
			"volumes: [{name: c, secret: {secretName: shop-api-secrets}}]",
			"apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: e}\nspec: {target: {name: shop-api-secrets}}\n", "",
		},
		"of services without": {
			"volumes: [{name: c, configMap: {name: shop-db-config}}, {name: d, configMap: {name: shop-web-config}}]", "", "",
		},
		"of no such form": {"volumes: [{name: c, configMap: {name: shop-config}}, {name: d, secret: {secretName: shop-api-config}}]", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := pods("containers: [{name: a, image: b}], " + test.spec)
			s.Config, s.Secrets = config.Tree{}, config.Tree{}
			s.WithConfig, s.WithSecrets = []string{"api"}, []string{"api"}
			s.Files["deploy/web"] = revision.File{Data: append(s.Files["deploy/web"].Data, "---\n"+test.more...)}
			_, err := s.Build()
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func TestANameThatNothingMakesIsOneFault(t *testing.T) {
	t.Parallel()
	s := pods("containers: [{name: a, image: b, env: [{name: A, valueFrom: {configMapKeyRef: {name: shop-api-config, key: a}}}, {name: B, valueFrom: {configMapKeyRef: {name: shop-api-config, key: b}}}]}], " +
		"volumes: [{name: c, configMap: {name: shop-api-config}}, {name: d, configMap: {name: shop-api-config}}, {name: e, configMap: {name: shop-api-config, optional: true}}]")
	s.WithConfig = []string{"api"}
	_, err := s.Build()
	assert.ErrorContains(t, err, `ConfigMap "shop-api-config" in volume "c" and volume "d" and env of container "a", which nothing makes`)
	assert.Equal(t, 1, strings.Count(err.Error(), "which nothing makes"))
}

// pulled is a service with a Deployment and a ServiceAccount that have images be pulled
// with its secrets, if there are such.
func pulled(secrets ...string) Service {
	s := pods("containers: [{name: a, image: b}], imagePullSecrets: [{name: other}, {name: shop-web-secrets}]")
	s.Files["deploy/web"] = revision.File{Data: append(s.Files["deploy/web"].Data,
		"---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s}\nimagePullSecrets: [{name: shop-web-secrets}]\n"...)}
	s.Secrets.Files = files(secrets...)
	return s
}

// typesOf are the types of Secrets by their names: empty is Opaque.
func typesOf(objects []Object) map[string]string {
	types := map[string]string{}
	for _, object := range objects {
		if object.GetKind() == "Secret" {
			types[object.GetName()], _ = object.Object["type"].(string)
		}
	}
	return types
}

// Nobody can change the type of a Secret that there is.
func TestImagesArePulledWithASecretOfItsOwn(t *testing.T) {
	t.Parallel()
	s := pulled("pin", "1234", ".dockerconfigjson", "{}")
	objects, err := s.Build()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"shop-web-secrets-5ec4e70000": "", "shop-web-secrets-5ec4e70000-pull": "kubernetes.io/dockerconfigjson"}, typesOf(objects))
	pod := podTemplates(objects[len(objects)-1])[0]
	assertYAML(t, "[{name: other}, {name: shop-web-secrets-5ec4e70000-pull}]", child(pod, "spec")["imagePullSecrets"])
	assertYAML(t, "{name: skycap-secrets, secret: {secretName: shop-web-secrets-5ec4e70000}}", mapsIn(child(pod, "spec")["volumes"])[1])
	for _, object := range objects {
		switch object.GetName() {
		case "s":
			assertYAML(t, "[{name: shop-web-secrets-5ec4e70000-pull}]", object.Object["imagePullSecrets"])
		case "shop-web-secrets-5ec4e70000":
			assert.Equal(t, map[string]any{"pin": "MTIzNA==", ".dockerconfigjson": "e30="}, object.Object["data"])
		case "shop-web-secrets-5ec4e70000-pull":
			assert.Equal(t, map[string]any{".dockerconfigjson": "e30="}, object.Object["data"])
			hash, _ := RenderedHash("Secret", object.GetName(), "shop", "web")
			assert.Equal(t, "5ec4e70000", hash)
		}
	}
}

func TestImagesArePulledWithFilesOfEitherForm(t *testing.T) {
	t.Parallel()
	for file, secrets := range map[string][]string{
		"dockercfg":        {".dockercfg", "{}"},
		"dockerconfigjson": {".dockercfg", "{}", ".dockerconfigjson", "{}"},
	} {
		objects, err := pulled(secrets...).Build()
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"shop-web-secrets-5ec4e70000": "", "shop-web-secrets-5ec4e70000-pull": "kubernetes.io/" + file}, typesOf(objects))
		pull := objects[slices.IndexFunc(objects, func(o Object) bool { return strings.HasSuffix(o.GetName(), pullEnd) })]
		assert.Equal(t, map[string]any{"." + file: "e30="}, pull.Object["data"], "what has such a type has such a file")
	}
}

func TestSecretsThatNobodyPullsWithAreOpaque(t *testing.T) {
	t.Parallel()
	s := pods("containers: [{name: a, image: b}]")
	s.Secrets.Files = files(".dockerconfigjson", "no JSON")
	objects, err := s.Build()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"shop-web-secrets-5ec4e70000": ""}, typesOf(objects))
}

func TestImagesThatCantBePulled(t *testing.T) {
	t.Parallel()
	_, err := pulled("pin", "1234").Build()
	require.ErrorContains(t, err, `Deployment "d0" names Secret "shop-web-secrets" in imagePullSecrets: to pull images, a file ".dockerconfigjson" is needed among the secrets of service "web"`)
	require.ErrorContains(t, err, `ServiceAccount "s" names Secret "shop-web-secrets"`)

	_, err = pulled(".dockerconfigjson", "hunter2").Build()
	require.ErrorContains(t, err, `to pull images, the file ".dockerconfigjson" among the secrets of service "web" has to be a JSON object`)
	assert.NotContains(t, err.Error(), "hunter2")
}
