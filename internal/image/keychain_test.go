package image

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// write writes a file of the user's.
func (e environment) write(t *testing.T, path, text string) string {
	t.Helper()
	if !filepath.IsAbs(path) {
		path = filepath.Join(e["HOME"], path)
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func loginFor(t *testing.T, k *keychain, repository string) (login, error) {
	t.Helper()
	parsed, err := name.NewRepository(repository)
	require.NoError(t, err)
	return k.login(t.Context(), parsed)
}

func TestKeychainReadsWhatDockerAndPodmanRead(t *testing.T) {
	t.Parallel()
	auth := base64.StdEncoding.EncodeToString([]byte("ann:pass:word"))
	for name, test := range map[string]struct {
		path, text string            // of one file, and below
		variables  map[string]string // $HOME stands for the home
		repository string
		want       authn.AuthConfig
	}{
		"nothing": {".docker/other.json", "", nil, "r.example.com/web", authn.AuthConfig{}},
		"docker's, encoded": {
			".docker/config.json", `{"auths": {"r.example.com": {"auth": "` + auth + `"}}}`, nil, "r.example.com/web",
			authn.AuthConfig{Username: "ann", Password: "pass:word", Auth: auth},
		},
		"docker's, by an address": {
			".docker/config.json", `{"auths": {"https://r.example.com:5000/v2/": {"identitytoken": "t"}}}`, nil, "r.example.com:5000/shop/web",
			authn.AuthConfig{IdentityToken: "t"},
		},
		"docker's elsewhere": {
			"d/config.json", `{"auths": {"r.example.com": {"registrytoken": "t"}}}`, map[string]string{"DOCKER_CONFIG": "$HOME/d"}, "r.example.com/web",
			authn.AuthConfig{RegistryToken: "t"},
		},
		"docker's in a variable": {
			"x", "", map[string]string{"DOCKER_AUTH_CONFIG": `{"auths": {"r.example.com": {"identitytoken": "t"}}}`}, "r.example.com/web",
			authn.AuthConfig{IdentityToken: "t"},
		},
		"the hub, as docker spells it": {
			".docker/config.json", `{"auths": {"https://index.docker.io/v1/": {"identitytoken": "t"}}}`, nil, "ann/web", authn.AuthConfig{IdentityToken: "t"},
		},
		"the hub, as podman spells it": {
			".config/containers/auth.json", `{"auths": {"docker.io/library": {"identitytoken": "t"}}}`, nil, "debian", authn.AuthConfig{IdentityToken: "t"},
		},
		"podman's of the session": {
			"run/containers/auth.json", `{"auths": {"r.example.com": {"identitytoken": "t"}}}`, map[string]string{"XDG_RUNTIME_DIR": "$HOME/run"}, "r.example.com/web",
			authn.AuthConfig{IdentityToken: "t"},
		},
		"podman's elsewhere": {
			"a.json", `{"auths": {"r.example.com": {"identitytoken": "t"}}}`, map[string]string{"REGISTRY_AUTH_FILE": "$HOME/a.json"}, "r.example.com/web",
			authn.AuthConfig{IdentityToken: "t"},
		},
		"podman's of a path, the longest": {
			".config/containers/auth.json",
			`{"auths": {"r.example.com": {"identitytoken": "1"}, "r.example.com/shop": {"identitytoken": "2"}, "r.example.com/shopping": {"identitytoken": "3"}}}`,
			nil, "r.example.com/shop/web", authn.AuthConfig{IdentityToken: "2"},
		},
		"of another registry": {".docker/config.json", `{"auths": {"r.example.com": {"identitytoken": "t"}}}`, nil, "r.example.com:5000/web", authn.AuthConfig{}},
		"an empty file":       {".docker/config.json", "\n", nil, "r.example.com/web", authn.AuthConfig{}},
	} {
		user := nobody(t)
		path := user.write(t, test.path, test.text)
		for variable, value := range test.variables {
			user[variable] = strings.ReplaceAll(value, "$HOME", user["HOME"])
		}
		found, err := loginFor(t, newKeychain(run.Local{}, user.getenv), test.repository)
		require.NoError(t, err, name)
		assert.Equal(t, test.want, found.AuthConfig, name)
		if test.want != (authn.AuthConfig{}) && user["DOCKER_AUTH_CONFIG"] == "" {
			assert.Equal(t, path, found.source, name)
		}
	}
}

func TestBrokenAuthFilesAreNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{\n\"auths\": {\n\"r.example.com\": secret}}":   `/.docker/config.json:3: invalid character 's'`,
		`{"auths": {"r.example.com": {"auth": "%%%%"}}}`: `auths of "r.example.com": unable to decode auth field`,
		`{"auths": []}`: `/.docker/config.json": json: cannot unmarshal array`,
	} {
		user := nobody(t)
		user.write(t, ".docker/config.json", text)
		_, err := open(t, user).Find(t.Context(), "r.example.com/web", "a")
		var broken *AuthFileError
		require.ErrorAs(t, err, &broken, text)
		assert.Contains(t, err.Error(), want)
		assert.NotContains(t, err.Error(), "secret")
	}
}

// installed makes a credential helper of a shell script, which notes whom it is asked for.
// Its name is one that no other test has: all share a PATH.
func installed(t *testing.T, user environment, script string) (name, asked string) {
	t.Helper()
	folder := os.Getenv("TEST_HELPERS")
	file, err := os.CreateTemp(folder, helperPrefix+"*")
	require.NoError(t, err)
	asked = filepath.Join(user["HOME"], "asked")
	_, err = fmt.Fprintf(file, "#!/bin/sh\nread -r server; echo \"$1 $server\" >>'%s'\n%s\n", asked, script)
	require.NoError(t, err)
	require.NoError(t, file.Chmod(0o700))
	require.NoError(t, file.Close())
	return strings.TrimPrefix(filepath.Base(file.Name()), helperPrefix), asked
}

// TestMain has a folder for credential helpers on PATH.
func TestMain(m *testing.M) {
	os.Exit(withHelpers(m))
}

func withHelpers(m *testing.M) int {
	folder, err := os.MkdirTemp("", "helpers")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // it is the system's then
	_ = os.Setenv("TEST_HELPERS", folder)
	_ = os.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	return m.Run()
}

func TestKeychainAsksHelpers(t *testing.T) {
	t.Parallel()
	const speaks = `printf '{"ServerURL": "x", "Username": "ann", "Secret": "s3cret"}'`
	const lacks = `echo 'credentials not found in native keychain'; exit 1`
	for title, test := range map[string]struct {
		script, config string // HELPER stands for its name
		repository     string
		want           authn.AuthConfig
		server         string
	}{
		"for one registry": {
			speaks, `{"credHelpers": {"r.example.com": "HELPER"}}`, "r.example.com/web", authn.AuthConfig{Username: "ann", Password: "s3cret"}, "r.example.com",
		},
		"for another": {speaks, `{"credHelpers": {"r.example.com": "HELPER"}}`, "other.example.com/web", authn.AuthConfig{}, ""},
		"for all": {
			speaks, `{"credsStore": "HELPER", "auths": {"r.example.com": {"identitytoken": "old"}}}`, "r.example.com/web",
			authn.AuthConfig{Username: "ann", Password: "s3cret"}, "r.example.com",
		},
		"for the hub": {
			speaks, `{"credHelpers": {"docker.io": "HELPER"}}`, "debian", authn.AuthConfig{Username: "ann", Password: "s3cret"}, "https://index.docker.io/v1/",
		},
		"with a token": {
			`printf '{"Username": "<token>", "Secret": "t"}'`, `{"credsStore": "HELPER"}`, "r.example.com/web", authn.AuthConfig{IdentityToken: "t"}, "r.example.com",
		},
		"that has none": {lacks, `{"credsStore": "HELPER"}`, "r.example.com/web", authn.AuthConfig{}, "r.example.com"},
		"that has none, and the file does": {
			lacks, `{"credsStore": "HELPER", "auths": {"r.example.com": {"identitytoken": "t"}}}`, "r.example.com/web", authn.AuthConfig{IdentityToken: "t"}, "r.example.com",
		},
	} {
		user := nobody(t)
		helper, asked := installed(t, user, test.script)
		user.write(t, ".docker/config.json", strings.ReplaceAll(test.config, "HELPER", helper))
		keychain := newKeychain(run.Local{}, user.getenv)
		for range 3 {
			found, err := loginFor(t, keychain, test.repository)
			require.NoError(t, err, title)
			assert.Equal(t, test.want, found.AuthConfig, title)
		}
		said, _ := os.ReadFile(asked) // there is none where it was not asked
		if test.server == "" {
			assert.Empty(t, string(said), title)
		} else {
			assert.Equal(t, "get "+test.server+"\n", string(said), "%s: once", title)
		}
	}
}

func TestHelpersThatFail(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		`echo s3cret >&2; echo s3cret; exit 3`: "it ended with exit status 3",
		`echo s3cret`:                          "what it prints is no JSON with Username and Secret",
		`yes s3cret`:                           "it ended with exit status",
		`exec sleep 60`:                        "did not end within",
	} {
		user := nobody(t)
		helper, _ := installed(t, user, script)
		path := user.write(t, ".docker/config.json", `{"credsStore": "`+helper+`"}`)
		keychain := newKeychain(run.Local{}, user.getenv)
		if strings.Contains(want, "within") {
			keychain.timeout = 100 * time.Millisecond
		}
		_, err := loginFor(t, keychain, "r.example.com/web")
		var failed *HelperError
		require.ErrorAs(t, err, &failed, script)
		assert.Equal(t, []string{helperPrefix + helper, "r.example.com", path}, []string{failed.Program, failed.Server, failed.File})
		assert.Contains(t, err.Error(), want, script)
		assert.NotContains(t, err.Error(), "s3cret")
	}
}

func TestHelpersThatAreNone(t *testing.T) {
	t.Parallel()
	for named, want := range map[string]string{
		"no-such-helper-here": `program "docker-credential-no-such-helper-here" was not found on PATH`,
		"../../bin/sh":        "its name may have letters",
		"a b":                 "its name may have letters",
	} {
		user := nobody(t)
		user.write(t, ".docker/config.json", `{"credsStore": "`+named+`"}`)
		_, err := open(t, user).Find(t.Context(), "r.example.com/web", "a")
		var failed *HelperError
		require.ErrorAs(t, err, &failed, named)
		assert.Contains(t, err.Error(), want)
	}
}

func TestAHelperEndsWithTheContext(t *testing.T) {
	t.Parallel()
	user := nobody(t)
	helper, asked := installed(t, user, "exec sleep 60")
	user.write(t, ".docker/config.json", `{"credsStore": "`+helper+`"}`)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := open(t, user).Find(ctx, "r.example.com/web", "a")
		done <- err
	}()
	require.Eventually(t, func() bool { _, err := os.Stat(asked); return err == nil }, 5*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

func TestFindShowsCredentials(t *testing.T) {
	t.Parallel()
	address := startRegistry(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			if r.Method == http.MethodGet && (user != "ann" || password != "s3cret") {
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	user := nobody(t)
	_, err := open(t, user).Find(t.Context(), address+"/shop/web", "a")
	var denied *DeniedError
	require.ErrorAs(t, err, &denied)
	assert.Empty(t, denied.Shown)

	path := user.write(t, ".docker/config.json", `{"auths": {"`+address+`": {"username": "ann", "password": "old"}}}`)
	_, err = open(t, user).Find(t.Context(), address+"/shop/web", "a")
	require.ErrorAs(t, err, &denied)
	assert.Equal(t, path, denied.Shown)
	assert.False(t, denied.LetIn)
	assert.NotContains(t, err.Error(), "old")

	user.write(t, ".docker/config.json", `{"auths": {"`+address+`": {"username": "ann", "password": "s3cret"}}}`)
	_, err = open(t, user).Find(t.Context(), address+"/shop/web", "a")
	var missing *NotFoundError
	require.ErrorAs(t, err, &missing, "let in, and not found")
}
