package image

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/skycap/skycap/internal/run"
)

// environment is one of a user whose home is a folder of the test's.
type environment map[string]string

func (e environment) getenv(name string) string { return e[name] }

// nobody has nothing set up.
func nobody(t *testing.T) environment {
	t.Helper()
	return environment{"HOME": t.TempDir()}
}

func open(t *testing.T, of environment) *Registry {
	t.Helper()
	opened, err := Open(run.Local{}, of.getenv)
	require.NoError(t, err)
	return opened
}

func startRegistry(t *testing.T, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	server := httptest.NewServer(wrap(registry.New(registry.Logger(log.New(io.Discard, "", 0)))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func unguarded(next http.Handler) http.Handler { return next }

// answering is a registry that answers everything but the first question by a handler.
func answering(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	return startRegistry(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v2/" {
				handler(w, r)
			}
		})
	})
}

func labelled(t *testing.T, label string) v1.Image {
	t.Helper()
	return built(t, label, "linux", "amd64")
}

func built(t *testing.T, label, system, architecture string) v1.Image {
	t.Helper()
	file, err := empty.Image.ConfigFile()
	require.NoError(t, err)
	file = file.DeepCopy()
	file.OS, file.Architecture = system, architecture
	if label != "" {
		file.Config.Labels = map[string]string{RevisionLabel: label}
	}
	image, err := mutate.ConfigFile(empty.Image, file)
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

func pushIndex(t *testing.T, reference string, index v1.ImageIndex) string {
	t.Helper()
	parsed, err := name.ParseReference(reference)
	require.NoError(t, err)
	require.NoError(t, remote.WriteIndex(parsed, index))
	digest, err := index.Digest()
	require.NoError(t, err)
	return digest.String()
}

// entry is one image of an index; without a system its platform isn't told.
func entry(image v1.Image, system, architecture, variant string) mutate.IndexAddendum {
	if system == "" {
		return mutate.IndexAddendum{Add: image}
	}
	return mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: system, Architecture: architecture, Variant: variant}}}
}

func TestFindPinsTheDigest(t *testing.T) {
	t.Parallel()
	repository := startRegistry(t, unguarded) + "/shop/web"
	digest := push(t, repository+":3f2c1a9b8d70", labelled(t, commit))
	found, err := open(t, nobody(t)).Find(t.Context(), repository, "3f2c1a9b8d70")
	require.NoError(t, err)
	assert.Equal(t, Image{
		Repository: repository, Tag: "3f2c1a9b8d70", Digest: digest, Revision: commit, Platforms: []Platform{{OS: "linux", Architecture: "amd64"}},
	}, found)
	assert.Equal(t, repository+":3f2c1a9b8d70@"+digest, found.String())
}

func TestFindTakesAnIndex(t *testing.T) {
	t.Parallel()
	attestation := entry(labelled(t, ""), "unknown", "unknown", "")
	for name, test := range map[string]struct {
		entries []mutate.IndexAddendum
		want    []Platform
	}{
		"of one platform, with what the build says of itself": {
			[]mutate.IndexAddendum{attestation, entry(labelled(t, commit), "linux", "s390x", "")}, []Platform{{OS: "linux", Architecture: "s390x"}},
		},
		"of several": {
			[]mutate.IndexAddendum{entry(labelled(t, commit), "linux", "amd64", ""), entry(built(t, commit, "linux", "arm"), "linux", "arm", "v7"), attestation},
			[]Platform{{OS: "linux", Architecture: "amd64"}, {OS: "linux", Architecture: "arm", Variant: "v7"}},
		},
		"that says nothing of one": {
			[]mutate.IndexAddendum{entry(labelled(t, commit), "linux", "amd64", ""), entry(built(t, commit, "linux", "arm64"), "", "", "")}, nil,
		},
	} {
		repository := startRegistry(t, unguarded) + "/shop/web"
		digest := pushIndex(t, repository+":a", mutate.AppendManifests(empty.Index, test.entries...))
		found, err := open(t, nobody(t)).Find(t.Context(), repository, "a")
		require.NoError(t, err, name)
		assert.Equal(t, Image{Repository: repository, Tag: "a", Digest: digest, Revision: commit, Platforms: test.want}, found, name)
	}
}

// guarded is a registry that wants a token for each repository, and counts what it is asked.
func guarded(t *testing.T) (address string, asked map[string]int) {
	t.Helper()
	var mutex sync.Mutex
	asked = map[string]int{}
	address = startRegistry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				mutex.Lock()
				asked[strings.SplitN(strings.TrimPrefix(r.URL.Path, "/v2/shop/"), "/", 3)[0]+"?"+kindOf(r.URL.Path)]++
				mutex.Unlock()
			}
			switch {
			case r.URL.Path == "/token":
				_ = json.NewEncoder(w).Encode(map[string]string{"token": r.URL.Query().Get("scope")})
			case r.Method == http.MethodGet && !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer repository:"):
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, r.Host))
				w.WriteHeader(http.StatusUnauthorized)
			default:
				next.ServeHTTP(w, r)
			}
		})
	})
	return address, asked
}

// kindOf is what a request asks for: token, manifests, blobs, or nothing of these.
func kindOf(path string) string {
	for _, kind := range []string{"token", "manifests", "blobs"} {
		if strings.Contains(path, "/"+kind) {
			return kind
		}
	}
	return ""
}

func TestFindAsksTwiceForAnImage(t *testing.T) {
	t.Parallel()
	address, asked := guarded(t)
	var names []string
	for i := range 12 {
		names = append(names, fmt.Sprintf("web-%d", i))
		push(t, address+"/shop/"+names[i]+":a", labelled(t, commit))
	}
	clear(asked)
	registry := open(t, nobody(t))
	work := errgroup.Group{}
	for _, name := range names {
		work.Go(func() error {
			_, err := registry.Find(t.Context(), address+"/shop/"+name, "a")
			return err
		})
	}
	require.NoError(t, work.Wait())
	for _, name := range names {
		assert.Equal(t, 1, asked[name+"?manifests"], name)
		assert.Equal(t, 1, asked[name+"?blobs"], name)
	}
	assert.Equal(t, len(names), asked["?token"], "one for each repository")
	_, err := registry.Find(t.Context(), address+"/shop/web-0", "b")
	require.Error(t, err)
	assert.Equal(t, len(names), asked["?token"], "it is kept")
}

func TestFindErrorsAreTyped(t *testing.T) {
	t.Parallel()
	up := startRegistry(t, unguarded)
	push(t, up+"/shop/web:other", labelled(t, ""))
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	elsewhere := httptest.NewServer(http.NotFoundHandler()) // no registry at all
	t.Cleanup(elsewhere.Close)
	const page = "<!DOCTYPE html><html><body>please log in</body></html>"
	for place, want := range map[string]struct {
		kind any
		text string
	}{
		up + "/shop/web":    {new(*NotFoundError), `/shop/web:3f2c1a9b8d70" was not found`},
		up + "/shop/absent": {new(*NotFoundError), "was not found"},
		strings.TrimPrefix(closed.URL, "http://") + "/shop/web":    {new(*UnreachableError), "connection refused"},
		strings.TrimPrefix(elsewhere.URL, "http://") + "/shop/web": {new(*UnreachableError), "404"},
		answering(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }) + "/shop/web": {
			new(*UnreachableError), "418",
		},
		answering(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }) + "/shop/web": {
			new(*DeniedError), "(HTTP status 403), and there are no credentials for it",
		},
		answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, page)
		}) + "/shop/web": {new(*UnreachableError), "a web page: is a login page or a proxy before it?"},
		answering(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, page)
				return
			}
			http.Redirect(w, r, "/login", http.StatusFound)
		}) + "/shop/web": {new(*UnreachableError), "a web page: is a login page"},
		answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, page)
		}) + "/shop/web": {new(*UnreachableError), "it answers with HTTP status 400 and a web page"},
		answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "upstream\n is "+strings.Repeat("very ", 100))
		}) + "/shop/web": {new(*UnreachableError), "it answers with HTTP status 400: upstream is very very"},
		answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
			for range maxAnswer>>20 + 1 {
				_, _ = w.Write(make([]byte, 1<<20))
			}
		}) + "/shop/web": {new(*UnreachableError), "longer than 8 MiB"},
		answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.cncf.artifact")
			_, _ = io.WriteString(w, "{}")
		}) + "/shop/web": {new(*NotImageError), `its manifest is of type "application/vnd.cncf.artifact"`},
	} {
		_, err := open(t, nobody(t)).Find(t.Context(), place, "3f2c1a9b8d70")
		require.ErrorAs(t, err, want.kind, place)
		assert.Contains(t, err.Error(), want.text)
		assert.NotContains(t, err.Error(), "<body>")
		assert.Less(t, len(err.Error()), 400)
	}
}

func TestWhoDeniesWhat(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		token, manifest int // HTTP status
		letIn           bool
	}{
		"the image, to one with a token": {token: http.StatusOK, manifest: http.StatusUnauthorized, letIn: true},
		"the image, to all":              {token: http.StatusOK, manifest: http.StatusForbidden, letIn: true},
		"a token for it":                 {token: http.StatusForbidden, letIn: true},
		"the login":                      {token: http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := startRegistry(t, func(http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.URL.Path == "/token" && test.token == http.StatusOK:
						_, _ = io.WriteString(w, `{"token": "s3cret"}`)
					case r.URL.Path == "/token":
						w.WriteHeader(test.token)
					case r.Header.Get("Authorization") != "":
						w.WriteHeader(test.manifest)
					default:
						w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, r.Host))
						w.WriteHeader(http.StatusUnauthorized)
					}
				})
			})
			_, err := open(t, nobody(t)).Find(t.Context(), address+"/shop/web", "a")
			var denied *DeniedError
			require.ErrorAs(t, err, &denied)
			assert.Equal(t, test.letIn, denied.LetIn)
		})
	}
}

func TestATokenServerWithoutATokenIsNotQuoted(t *testing.T) {
	t.Parallel()
	address := startRegistry(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				_, _ = io.WriteString(w, `{"refresh_token": "s3cret"}`)
				return
			}
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, r.Host))
			w.WriteHeader(http.StatusUnauthorized)
		})
	})
	_, err := open(t, nobody(t)).Find(t.Context(), address+"/shop/web", "a")
	var unreachable *UnreachableError
	require.ErrorAs(t, err, &unreachable)
	assert.Contains(t, err.Error(), "its token server answers without a token")
	assert.NotContains(t, err.Error(), "s3cret")
}

func TestFindRefusesWhatIsNoImage(t *testing.T) {
	t.Parallel()
	up := startRegistry(t, unguarded)
	chart := mutate.ConfigMediaType(labelled(t, ""), "application/vnd.cncf.helm.config.v1+json")
	push(t, up+"/shop/chart:a", mutate.MediaType(chart, types.OCIManifestSchema1))
	pushIndex(t, up+"/shop/empty:a", mutate.AppendManifests(empty.Index, entry(labelled(t, ""), "unknown", "unknown", "")))
	for place, want := range map[string]string{
		"/shop/chart": `it is an artifact of type "application/vnd.cncf.helm.config.v1+json"`,
		"/shop/empty": "its index lists no image",
	} {
		_, err := open(t, nobody(t)).Find(t.Context(), up+place, "a")
		var artifact *NotImageError
		require.ErrorAs(t, err, &artifact)
		assert.Equal(t, NotImageError{Image: up + place + ":a", Why: want}, *artifact)
	}
}

func TestFindEndsWithItsTime(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	hanging := answering(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-over:
		}
	})
	t.Cleanup(func() { close(over) })
	registry := open(t, nobody(t))
	registry.timeout = 50 * time.Millisecond
	_, err := registry.Find(t.Context(), hanging+"/shop/web", "a")
	var unreachable *UnreachableError
	require.ErrorAs(t, err, &unreachable)
	assert.Contains(t, err.Error(), "it took longer than 50ms")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = registry.Find(canceled, hanging+"/shop/web", "a")
	require.ErrorIs(t, err, context.Canceled)
}

func TestFindRefusesTags(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"feature/x y", "", "-x", "a\nb", "a@sha256:0", strings.Repeat("a", 129)} {
		_, err := open(t, nobody(t)).Find(t.Context(), "localhost:1/shop/web", tag)
		var refused *TagError
		require.ErrorAs(t, err, &refused, tag)
	}
	_, err := open(t, nobody(t)).Find(t.Context(), "localhost:1/Shop Web", "a")
	require.ErrorContains(t, err, `image "localhost:1/Shop Web": `)
}
