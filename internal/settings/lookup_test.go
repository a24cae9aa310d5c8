package settings

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parse(t *testing.T, text string) *Project {
	t.Helper()
	p, err := Parse("skycap.yaml", []byte(text))
	require.NoError(t, err)
	return p
}

const places = `
app: shop
services:
  web: {kubernetes: {manifests: deploy/web}}
  worker: {hosts: {deploy_to: /srv/worker}}
  cron: {kubernetes: {manifests: deploy/cron}, hosts: {deploy_to: /srv/cron}}
environments:
  staging:
    kubernetes: {context: staging, namespace: shop}
  production:
    kubernetes: {context: production, namespace: shop}
    hosts: {worker: [worker1], cron: [worker1]}
    services: {cron: {target: both}}
    values: {level: info}
  laptop: {}
`

func TestServicesIn(t *testing.T) {
	p := parse(t, places)
	for _, test := range []struct {
		environment string
		names       []string
		want        map[string]Target
	}{
		{"staging", nil, map[string]Target{"cron": TargetKubernetes, "web": TargetKubernetes}},
		{"production", nil, map[string]Target{"cron": TargetBoth, "web": TargetKubernetes, "worker": TargetHosts}},
		{"production", []string{"worker", "web", "worker"}, map[string]Target{"web": TargetKubernetes, "worker": TargetHosts}},
		{"laptop", nil, map[string]Target{}},
	} {
		placed, err := p.ServicesIn(test.environment, test.names)
		require.NoError(t, err)
		got := map[string]Target{}
		for i, service := range placed {
			got[service.Name] = service.Target
			assert.True(t, i == 0 || placed[i-1].Name < service.Name, "sorted")
		}
		assert.Equal(t, test.want, got)
		assert.Len(t, placed, len(got))
	}
}

func TestServicesInErrors(t *testing.T) {
	p := parse(t, places)
	_, err := p.ServicesIn("staging", []string{"wob", "worker", "nothing", "web"})
	assert.EqualError(t, err, `unknown service "nothing"; known are cron, web, worker
unknown service "wob"; did you mean "web"?
service "worker" does not run in environment "staging": skycap.yaml has no environments.staging.hosts.worker`)
	var unknown *UnknownError
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, "nothing", unknown.Name)
	var none *NoPlaceError
	require.ErrorAs(t, err, &none)
	assert.Equal(t, &NoPlaceError{"worker", "staging", []string{"environments.staging.hosts.worker"}}, none)

	_, err = p.ServicesIn("prod", nil)
	assert.EqualError(t, err, `unknown environment "prod"; did you mean "production"?`)
	_, err = p.ServicesIn("laptop", []string{"cron"})
	assert.EqualError(t, err, `service "cron" does not run in environment "laptop": `+
		`skycap.yaml has no environments.laptop.kubernetes or environments.laptop.hosts.cron`)
}

func TestEnvironment(t *testing.T) {
	p := parse(t, places)
	environment, err := p.Environment("staging")
	require.NoError(t, err)
	assert.Equal(t, "staging", environment.Name)
	_, err = p.Environment("live")
	assert.Equal(t, &UnknownError{Kind: "environment", Name: "live", Known: []string{"laptop", "production", "staging"}}, err)
}

// TestAt deploys a revision of another time with the file of today.
func TestAt(t *testing.T) {
	now := parse(t, places)
	then := parse(t, `
app: store
revision: {tag: "v{{ .Short }}"}
services:
  web: {kubernetes: {manifests: k8s}, hosts: {deploy_to: /srv/web}}
  worker: {kubernetes: {manifests: k8s}, hosts: {deploy_to: /opt/worker}}
environments:
  production:
    protected: true
    kubernetes: {context: old, namespace: old}
    values: {level: debug}
  gone: {}
hooks: {before_deploy: "false"}
`)
	at := now.At(then)
	assert.Equal(t, "store", at.App)
	assert.Equal(t, then.Services, at.Services)
	assert.Equal(t, now.Revision, at.Revision)
	assert.Equal(t, now.Hooks, at.Hooks)
	assert.Equal(t, now.Hash, at.Hash)
	assert.NotContains(t, at.Environments, "gone")

	production := at.Environments["production"]
	assert.Equal(t, map[string]any{"level": "debug"}, production.Values)
	assert.Equal(t, "production", production.Kubernetes.Context)
	assert.False(t, production.Protected)
	assert.Nil(t, at.Environments["staging"].Values, "the revision knew no staging")
	assert.Equal(t, map[string]any{"level": "info"}, now.Environments["production"].Values, "the operator's stays")

	_, err := at.ServicesIn("production", nil)
	var two *TwoPlacesError
	require.ErrorAs(t, err, &two)
	assert.Equal(t, &TwoPlacesError{"worker", "production"}, two)
	placed, err := at.ServicesIn("production", []string{"web"})
	require.NoError(t, err)
	assert.Equal(t, TargetKubernetes, placed[0].Target)
}

func TestAtLosesABlock(t *testing.T) {
	now := parse(t, places)
	then := parse(t, "app: shop\nservices: {cron: {kubernetes: {manifests: deploy/cron}}}\n")
	_, err := now.At(then).ServicesIn("production", []string{"cron"})
	assert.EqualError(t, err, `service "cron" does not run in environment "production": skycap.yaml has no services.cron.hosts`)
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	require.NoError(t, os.MkdirAll(filepath.Join(deep, FileName), 0o755))
	_, err := Find(deep)
	var missing *NotFoundError
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, deep, missing.Path)

	file := filepath.Join(root, FileName)
	require.NoError(t, os.WriteFile(file, []byte("app: a\n"), 0o644))
	found, err := Find(deep)
	require.NoError(t, err, "a folder of that name is not the file")
	assert.Equal(t, file, found)
}

func TestLoadMissing(t *testing.T) {
	file := filepath.Join(t.TempDir(), FileName)
	_, err := Load(file)
	assert.Equal(t, &NotFoundError{Path: file}, err)
}

func TestNearest(t *testing.T) {
	for _, test := range []struct {
		word  string
		known []string
		want  string
	}{
		{"namspace", []string{"context", "namespace"}, "namespace"},
		{"Namespace", []string{"context", "namespace"}, "namespace"},
		{"satrt", []string{"start", "stop", "status"}, "start"},
		{"keepReleases", []string{"keep_releases"}, "keep_releases"},
		{"prod", []string{"production", "staging"}, "production"},
		{"st", []string{"start", "stop"}, ""},
		{"xyz", []string{"start", "stop"}, ""},
		{"", []string{"a"}, ""},
		{"a", []string{"b"}, ""},
		{"web", nil, ""},
	} {
		assert.Equal(t, test.want, Nearest(test.word, test.known), test.word)
	}
}

func TestBatchSizes(t *testing.T) {
	for _, test := range []struct {
		batch string
		hosts int
		want  []int
	}{
		{"[]", 4, []int{1, 3}},
		{"[]", 1, []int{1}},
		{"[]", 0, nil},
		{"2", 5, []int{2, 2, 1}},
		{"50%", 5, []int{2, 2, 1}},
		{"10%", 3, []int{1, 1, 1}},
		{"[1, 50%, 100%]", 4, []int{1, 2, 1}},
		{"[1, 50%, 100%]", 10, []int{1, 5, 4}},
		{"[1, 2]", 6, []int{1, 2, 2, 1}},
		{"100%", 3, []int{3}},
	} {
		p := parse(t, `
app: a
services: {w: {hosts: {deploy_to: /srv/w}}}
environments: {e: {hosts: {w: {addresses: [h], batch: `+test.batch+`}}}}
`)
		assert.Equal(t, test.want, p.Environments["e"].Hosts["w"].Batch.Sizes(test.hosts), "%s of %d", test.batch, test.hosts)
	}
}

func TestExpand(t *testing.T) {
	tag, err := Expand("{{ .Branch }}-{{ .Number }}", TagFields{Branch: "default", Number: 7})
	require.NoError(t, err)
	assert.Equal(t, "default-7", tag)
	layer, err := Expand("config/{{ .Environment }}/{{ .Service }}", LayerFields{Service: "web", Environment: "staging"})
	require.NoError(t, err)
	assert.Equal(t, "config/staging/web", layer)
	_, err = Expand("{{ .Values.x }}", LayerFields{})
	assert.EqualError(t, err, `"{{ .Values.x }}" cannot be rendered: can't evaluate field Values`)
}
