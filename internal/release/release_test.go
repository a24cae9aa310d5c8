package release

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/config"
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
		App: "storefront", Environment: "staging", Who: "ada@laptop",
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
			Config: config.Tree{Hash: "0123456789", Files: revision.Tree{"app.conf": {Data: []byte("our configuration")}}},
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

func TestDigestsAndConfigHash(t *testing.T) {
	t.Parallel()
	made := storefront()
	assert.Equal(t, []string{digestA, digestB}, made.Services[0].Digests(), "sorted, each once")
	assert.Equal(t, []string{}, made.Services[1].Digests())
	assert.Equal(t, "0123456789", made.Services[0].ConfigHash())
	assert.Empty(t, Service{Config: config.Tree{Hash: "0123456789"}}.ConfigHash(), "without a file there is no configuration")
	assert.Equal(t, []string{"web", "worker"}, made.Names())
	assert.Len(t, made.Objects(), 4)
}

func annotationsOf(t *testing.T, record map[string]any) map[string]string {
	t.Helper()
	return (&unstructured.Unstructured{Object: record}).GetAnnotations()
}

func TestSummaryOfARecord(t *testing.T) {
	t.Parallel()
	made := storefront()
	record, err := made.Record(7)
	require.NoError(t, err)
	annotations := annotationsOf(t, record)

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

// unpack reads what a record holds.
func unpack(t *testing.T, record map[string]any) string {
	t.Helper()
	encoded, ok, err := unstructured.NestedString(record, "data", dataKey)
	require.NoError(t, err)
	require.True(t, ok)
	packed, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	return string(content)
}

func TestRecord(t *testing.T) {
	t.Parallel()
	made := storefront()
	record, err := made.Record(12)
	require.NoError(t, err)
	secret := unstructured.Unstructured{Object: record}
	assert.Equal(t, "v1", secret.GetAPIVersion())
	assert.Equal(t, "Secret", secret.GetKind())
	assert.Equal(t, "skycap-storefront-staging-r12", secret.GetName())
	assert.Equal(t, RecordName("storefront", "staging", 12), secret.GetName())
	assert.Equal(t, map[string]string{
		manifest.LabelManagedBy: "skycap", manifest.LabelApp: "storefront",
		manifest.LabelEnvironment: "staging", LabelRelease: "12",
	}, secret.GetLabels())

	content := unpack(t, record)
	for _, kept := range []string{"web-extra", "their own map", "web-key", "Opaque", digestA, digestB, "r-hash", "o-hash", made.Revision.ID, "0123456789"} {
		assert.Contains(t, content, kept)
	}
	whole, err := json.Marshal(record)
	require.NoError(t, err)
	for _, never := range []string{"hunter2", "aHVudGVyMg==", "our configuration", "web-config-0123456789"} {
		assert.NotContains(t, content, never)
		assert.NotContains(t, string(whole), never)
	}
	assert.Equal(t, "hunter2", made.Services[0].Objects[2].Object["stringData"].(map[string]any)["token"],
		"the objects that are applied keep their values")
}

func TestRecordOfOneReleaseIsAlwaysTheSame(t *testing.T) {
	t.Parallel()
	first, err := storefront().Record(1)
	require.NoError(t, err)
	images := func(record map[string]any) []string {
		var content struct{ Services []struct{ Images []string } }
		require.NoError(t, json.Unmarshal([]byte(unpack(t, record)), &content))
		return content.Services[0].Images
	}
	for range 20 {
		again, err := storefront().Record(1)
		require.NoError(t, err)
		require.Equal(t, images(first), images(again))
	}
}

func TestRecordThatNoSecretHolds(t *testing.T) {
	t.Parallel()
	noise := make([]byte, maxRecord)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	made := storefront()
	text := base64.StdEncoding.EncodeToString(noise)
	made.Services[1].Objects = []manifest.Object{object("big.yaml", named("ConfigMap", "big", map[string]any{"data": map[string]any{"k": text}}))}
	_, err := made.Record(1)
	require.ErrorContains(t, err, fmt.Sprintf("a Secret holds %d", maxRecord))

	made.Services[1].Objects = []manifest.Object{object("", named("ConfigMap", "ours", map[string]any{"data": map[string]any{"k": text}}))}
	_, err = made.Record(1)
	require.NoError(t, err, "configuration is kept by name only, however big")
}

func TestMatches(t *testing.T) {
	t.Parallel()
	release := skycap.Running{Config: "0123456789", Digests: []string{digestA, digestB}}
	for name, test := range map[string]struct {
		release skycap.Running
		config  string
		digests []string
		want    bool
	}{
		"the same":             {release, "0123456789", []string{digestA, digestB}, true},
		"in another order":     {release, "0123456789", []string{digestB, digestA}, true},
		"with a foreign image": {release, "0123456789", []string{digestB, "sha256:proxy", digestA}, true},
		"an image is missing":  {release, "0123456789", []string{digestA}, false},
		"another image":        {release, "0123456789", []string{digestA, "sha256:c"}, false},
		"no image":             {release, "0123456789", nil, false},
		"other configuration":  {release, "9876543210", []string{digestA, digestB}, false},
		"no configuration":     {release, "", []string{digestA, digestB}, false},
		"none wanted, one had": {skycap.Running{Digests: []string{digestA}}, "0123456789", []string{digestA}, false},
		"nothing to tell by":   {skycap.Running{}, "", []string{digestA}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, Matches(test.release, test.config, test.digests))
		})
	}
}
