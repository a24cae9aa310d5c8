package release

import (
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/pkg/skycap"
)

// service is "name" or "name: other other", what it waits for.
func services(described ...string) []Service {
	var made []Service
	for _, text := range described {
		name, after, _ := strings.Cut(text, ":")
		made = append(made, Service{Name: name, After: strings.Fields(after)})
	}
	return made
}

func TestWaves(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		services []Service
		want     string
	}{
		"none":                       {nil, ""},
		"independent":                {services("a", "b", "c"), "a b c"},
		"sorted by name":             {services("c", "a", "b"), "a b c"},
		"one after the other":        {services("web: api", "api: db", "db"), "db | api | web"},
		"two wait for one":           {services("a: z", "b: z", "z"), "z | a b"},
		"one waits for two":          {services("a: y z", "y: z", "z"), "z | y | a"},
		"waits for what isn't there": {services("web: billing", "api"), "api web"},
		"a cycle goes at once":       {services("a: b", "b: a"), "a b"},
		"a cycle after another":      {services("a: b", "b: a", "z"), "z | a b"},
		"waits for itself":           {services("a: a", "b"), "b | a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var waves []string
			for _, wave := range (&Release{Services: test.services}).Waves() {
				waves = append(waves, strings.Join((&Release{Services: wave}).Names(), " "))
			}
			assert.Equal(t, test.want, strings.Join(waves, " | "))
		})
	}
}

func object(source string, content map[string]any) manifest.Object {
	return manifest.Object{Unstructured: &unstructured.Unstructured{Object: content}, Source: source}
}

func named(kind, name string, more map[string]any) map[string]any {
	content := map[string]any{"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"name": name}}
	for key, value := range more {
		content[key] = value
	}
	return content
}

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func storefront() *Release {
	return &Release{
		App: "storefront", Environment: "staging", Kind: Deploy, Who: "ada@laptop",
		Revision:     revision.Revision{ID: strings.Repeat("3f2c1a9b", 5), Summary: "Fix \"quotes\" & <tags>"},
		Time:         time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("CET", 3600)),
		RevisionFile: "r-hash", OperatorFile: "o-hash",
		Services: []Service{{
			Name: "web",
			Images: map[string]image.Image{
				"web":     {Repository: "registry.example.com/web", Tag: "3f2c1a9b3f2c", Digest: digestB},
				"sidecar": {Repository: "registry.example.com/sidecar", Tag: "3f2c1a9b3f2c", Digest: digestA},
				"twin":    {Repository: "registry.example.com/twin", Tag: "3f2c1a9b3f2c", Digest: digestA},
			},
			Config: "0123456789",
			Objects: []manifest.Object{
				object("", named("ConfigMap", "web-config-0123456789", map[string]any{"data": map[string]any{"app.conf": "our configuration"}})),
				object("deploy/web/map.yaml", named("ConfigMap", "web-extra", map[string]any{"data": map[string]any{"k": "their own map"}})),
				object("deploy/web/secret.yaml", named("Secret", "web-key", map[string]any{
					"type": "Opaque", "data": map[string]any{"key": "aHVudGVyMg=="}, "stringData": map[string]any{"token": "hunter2"},
				})),
				object("deploy/web/web.yaml", named("Service", "web", map[string]any{"spec": map[string]any{"port": int64(80)}})),
			},
		}, {Name: "worker"}},
	}
}

func TestDigests(t *testing.T) {
	t.Parallel()
	made := storefront()
	assert.Equal(t, []string{digestA, digestB}, made.Services[0].Digests(), "sorted, each once")
	assert.Equal(t, []string{}, made.Services[1].Digests())
	assert.Equal(t, []string{"web", "worker"}, made.Names())
	assert.Len(t, made.Objects(), 4)
}

func TestSummaryOfARecord(t *testing.T) {
	t.Parallel()
	made := storefront()
	record, err := made.Record(7)
	require.NoError(t, err)
	annotations := record[0].GetAnnotations()

	summary, err := ParseSummary(annotations)
	require.NoError(t, err)
	want := made.Summary(7)
	want.Running = withoutEmpty(want.Running)
	assert.Equal(t, want, summary)
	assert.Equal(t, skycap.Release{
		Number: 7, Time: time.Date(2026, 3, 4, 4, 6, 7, 0, time.UTC), Who: "ada@laptop", Kind: "deploy",
		Revision: made.Revision.ID, Summary: made.Revision.Summary, Services: []string{"web", "worker"},
		Running: map[string]skycap.Running{"web": {Config: "0123456789", Digests: []string{digestA, digestB}}, "worker": {}},
	}, summary)

	annotations[AnnotationResult] = "unhealthy"
	summary, err = ParseSummary(annotations)
	require.NoError(t, err)
	assert.Equal(t, skycap.ResultUnhealthy, summary.Result)

	for _, broken := range []map[string]string{nil, {}, {AnnotationSummary: "{"}} {
		_, err := ParseSummary(broken)
		require.ErrorContains(t, err, "annotation skycap.dev/summary: ")
	}
}

// withoutEmpty makes no difference between an empty list and none.
func withoutEmpty(running map[string]skycap.Running) map[string]skycap.Running {
	for name, found := range running {
		if len(found.Digests) == 0 {
			found.Digests = nil
			running[name] = found
		}
	}
	return running
}

// partsOf are the Secrets of a record as the cluster gives them back.
func partsOf(t *testing.T, record []*unstructured.Unstructured) []corev1.Secret {
	t.Helper()
	parts := make([]corev1.Secret, len(record))
	for i, part := range record {
		text, err := json.Marshal(part)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &parts[i]))
	}
	return parts
}

func TestRecord(t *testing.T) {
	t.Parallel()
	made := storefront()
	record, err := made.Record(12)
	require.NoError(t, err)
	require.Len(t, record, 1)
	secret := record[0]
	assert.Equal(t, "v1", secret.GetAPIVersion())
	assert.Equal(t, "Secret", secret.GetKind())
	assert.Equal(t, "skycap-storefront-staging-r12", secret.GetName())
	assert.Equal(t, map[string]string{
		manifest.LabelManagedBy: "skycap", manifest.LabelApp: "storefront",
		manifest.LabelEnvironment: "staging", LabelRelease: "12",
	}, secret.GetLabels())

	unpacked, err := Unpack(partsOf(t, record))
	require.NoError(t, err)
	again, err := json.Marshal(unpacked.recorded())
	require.NoError(t, err)
	for _, never := range []string{"hunter2", "aHVudGVyMg=="} {
		assert.NotContains(t, string(again), never)
	}
	assert.Equal(t, "hunter2", made.Services[0].Objects[2].Object["stringData"].(map[string]any)["token"],
		"the objects that are applied keep their values")
}

func TestARecordGivesTheReleaseBack(t *testing.T) {
	t.Parallel()
	made := storefront()
	record, err := made.Record(12)
	require.NoError(t, err)
	unpacked, err := Unpack(partsOf(t, record))
	require.NoError(t, err)
	assert.Equal(t, made.Names(), unpacked.Names())
	assert.Equal(t, made.Revision.ID, unpacked.Revision.ID)
	assert.Equal(t, made.RevisionFile, unpacked.RevisionFile)
	web := unpacked.Services[0]
	assert.Equal(t, made.Services[0].Images, web.Images)
	assert.Equal(t, made.Services[0].Config, web.Config)
	require.Len(t, web.Objects, 4)
	assert.Equal(t, made.Services[0].Objects[0].Object, web.Objects[0].Object, "configuration is whole")
	assert.True(t, web.Objects[2].Withheld, "the values of a Secret are not known")
	assert.Equal(t, made.Services[0].Objects[3].Object, web.Objects[3].Object, "whole numbers stay whole")
}

// noisy is a release whose record needs more than one Secret.
func noisy() *Release {
	noise := make([]byte, 2*partSize)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	made := storefront()
	made.Services[1].Objects = []manifest.Object{object("big.yaml", named("ConfigMap", "big", map[string]any{
		"binaryData": map[string]any{"k": base64.StdEncoding.EncodeToString(noise)},
	}))}
	return made
}

func TestARecordHasAsManyPartsAsItNeeds(t *testing.T) {
	t.Parallel()
	made := noisy()
	record, err := made.Record(3)
	require.NoError(t, err)
	require.Len(t, record, 3)
	assert.Equal(t, "3", record[0].GetAnnotations()[AnnotationParts])
	for i, name := range []string{"skycap-storefront-staging-r3", "skycap-storefront-staging-r3-p2", "skycap-storefront-staging-r3-p3"} {
		assert.Equal(t, name, record[i].GetName())
		assert.Equal(t, i == 0, record[i].GetLabels()[LabelRelease] != "", "only the first is found as a record")
		assert.LessOrEqual(t, len(partsOf(t, record)[i].Data[dataKey]), 1<<20)
	}
	unpacked, err := Unpack(partsOf(t, record))
	require.NoError(t, err)
	assert.Equal(t, made.Services[1].Objects[0].Object, unpacked.Services[1].Objects[0].Object)
	_, err = Unpack(partsOf(t, record)[:2])
	require.ErrorContains(t, err, "it is damaged")
}

func TestMatches(t *testing.T) {
	t.Parallel()
	release := skycap.Running{Config: "0123456789", Digests: []string{digestA, digestB}}
	sealed := skycap.Running{Config: "0123456789", Secrets: "5ec4e70000", Digests: []string{digestA}}
	for name, test := range map[string]struct {
		release skycap.Running
		config  string
		secrets string
		digests []string
		want    bool
	}{
		"the same":             {release, "0123456789", "", []string{digestA, digestB}, true},
		"in another order":     {release, "0123456789", "", []string{digestB, digestA}, true},
		"with another beside":  {release, "0123456789", "", []string{digestB, "sha256:former", digestA}, false},
		"one of two images":    {release, "0123456789", "", []string{digestA}, true},
		"another image":        {release, "0123456789", "", []string{digestA, "sha256:c"}, false},
		"no image":             {release, "0123456789", "", nil, false},
		"other configuration":  {release, "9876543210", "", []string{digestA, digestB}, false},
		"no configuration":     {release, "", "", []string{digestA, digestB}, false},
		"none wanted, one had": {skycap.Running{Digests: []string{digestA}}, "0123456789", "", []string{digestA}, false},
		"the same secrets":     {sealed, "0123456789", "5ec4e70000", []string{digestA}, true},
		"other secrets":        {sealed, "0123456789", "0000000000", []string{digestA}, false},
		"no secrets":           {sealed, "0123456789", "", []string{digestA}, false},
		"uses neither":         {sealed, manifest.Unused, manifest.Unused, []string{digestA}, true},
		"of before there was":  {release, manifest.Unused, manifest.Unused, []string{digestA, digestB}, false},
		"nothing to tell by":   {skycap.Running{}, "", "", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, Matches(test.release, test.config, test.secrets, test.digests))
		})
	}
}
