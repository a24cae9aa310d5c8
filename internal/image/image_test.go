package image

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/revision"
)

const commit = "3f2c1a9b8d703f2c1a9b8d703f2c1a9b8d703f2c"

func startRegistry(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	server := httptest.NewServer(wrap(registry.New(registry.Logger(log.New(io.Discard, "", 0)))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func open(next http.Handler) http.Handler { return next }

func labelled(t *testing.T, label string) v1.Image {
	t.Helper()
	config := v1.Config{}
	if label != "" {
		config.Labels = map[string]string{RevisionLabel: label}
	}
	image, err := mutate.Config(empty.Image, config)
	require.NoError(t, err)
	return image
}

func push(t *testing.T, reference string, image v1.Image) string {
	t.Helper()
	parsed, err := name.ParseReference(reference)
	require.NoError(t, err)
	require.NoError(t, remote.Write(parsed, image))
	digest, err := image.Digest()
	require.NoError(t, err)
	return digest.String()
}

func TestFindPinsTheDigest(t *testing.T) {
	t.Parallel()
	repository := startRegistry(t, open) + "/shop/web"
	digest := push(t, repository+":3f2c1a9b8d70", labelled(t, commit))
	found, err := Registry{}.Find(t.Context(), repository, "3f2c1a9b8d70")
	require.NoError(t, err)
	assert.Equal(t, Image{Repository: repository, Tag: "3f2c1a9b8d70", Digest: digest, Revision: commit}, found)
	assert.Equal(t, repository+":3f2c1a9b8d70@"+digest, found.String())
}

func TestFindTakesAnIndex(t *testing.T) {
	t.Parallel()
	repository := startRegistry(t, open) + "/shop/web"
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: labelled(t, ""), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}},
		mutate.IndexAddendum{Add: labelled(t, commit), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}}})
	reference, err := name.ParseReference(repository + ":a")
	require.NoError(t, err)
	require.NoError(t, remote.WriteIndex(reference, index))
	digest, err := index.Digest()
	require.NoError(t, err)
	found, err := Registry{}.Find(t.Context(), repository, "a")
	require.NoError(t, err)
	assert.Equal(t, digest.String(), found.Digest)
	assert.Equal(t, commit, found.Revision)
}

func TestFindErrorsAreTyped(t *testing.T) {
	t.Parallel()
	up := startRegistry(t, open)
	push(t, up+"/shop/web:other", labelled(t, ""))
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	broken := startRegistry(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	})
	for place, want := range map[string]any{
		up + "/shop/web":    new(*NotFoundError),
		up + "/shop/absent": new(*NotFoundError),
		strings.TrimPrefix(closed.URL, "http://") + "/shop/web": new(*UnreachableError),
		broken + "/shop/web": new(*UnreachableError),
	} {
		_, err := Registry{}.Find(t.Context(), place, "3f2c1a9b8d70")
		require.ErrorAs(t, err, want, place)
	}
	var tag *TagError
	_, err := Registry{}.Find(t.Context(), up+"/shop/web", "feature/x y")
	require.ErrorAs(t, err, &tag)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Registry{}.Find(canceled, up+"/shop/web", "a")
	require.ErrorIs(t, err, context.Canceled)
}

// Not parallel: it sets DOCKER_CONFIG.
func TestFindUsesDockerCredentials(t *testing.T) {
	address := startRegistry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			if r.Method == http.MethodGet && (user != "ann" || password != "secret") {
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	folder := t.TempDir()
	t.Setenv("DOCKER_CONFIG", folder)
	_, err := Registry{}.Find(t.Context(), address+"/shop/web", "a")
	var denied *DeniedError
	require.ErrorAs(t, err, &denied)

	login := `{"auths": {"` + address + `": {"username": "ann", "password": "secret"}}}`
	require.NoError(t, os.WriteFile(filepath.Join(folder, "config.json"), []byte(login), 0o600))
	_, err = Registry{}.Find(t.Context(), address+"/shop/web", "a")
	var missing *NotFoundError
	require.ErrorAs(t, err, &missing, "let in, and not found")
}

func TestCheckLabel(t *testing.T) {
	t.Parallel()
	of := revision.Revision{ID: commit}
	for _, test := range []struct {
		label  string
		demand bool
		want   any
	}{
		{label: commit},
		{label: commit, demand: true},
		{label: commit[:12]},
		{label: ""},
		{label: "", demand: true, want: new(*UnlabelledError)},
		{label: commit[:7], want: new(*MismatchError)},
		{label: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", want: new(*MismatchError)},
	} {
		err := Check(Image{Revision: test.label}, of, test.demand)
		if test.want == nil {
			assert.NoError(t, err, "%+v", test)
		} else {
			assert.ErrorAs(t, err, test.want, "%+v", test)
		}
	}
}

func TestReferenceParts(t *testing.T) {
	t.Parallel()
	for reference, want := range map[string]string{
		"web":                           "web",
		"web:1":                         "web",
		"localhost:5000/shop/web":       "localhost:5000/shop/web",
		"localhost:5000/shop/web:1":     "localhost:5000/shop/web",
		"localhost:5000/web:1@sha256:a": "localhost:5000/web",
		"r.example.com/web@sha256:a":    "r.example.com/web",
	} {
		assert.Equal(t, want, Repository(reference), reference)
	}
	assert.Equal(t, "sha256:a", Digest("web:1@sha256:a"))
	assert.Empty(t, Digest("web:1"))
}
