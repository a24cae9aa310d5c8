package image

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
)

// dockerAuthConfig is the variable that may hold the text of an authentication file,
// as CI systems set it for docker.
const dockerAuthConfig = "DOCKER_AUTH_CONFIG"

// authFile is a file in which docker and podman keep logins.
type authFile struct {
	path  string
	auths map[string]json.RawMessage // by place
	store string                     // the helper for all registries
	own   map[string]string          // the helpers for some, by place
}

// authPaths are where the files lie, those that variables name first.
func authPaths(getenv func(string) string) []string {
	var paths []string
	if named := getenv("REGISTRY_AUTH_FILE"); named != "" {
		paths = append(paths, named)
	}
	docker := cmp.Or(getenv("DOCKER_CONFIG"), filepath.Join(home(getenv), ".docker"))
	paths = append(paths, filepath.Join(docker, "config.json"))
	if runtime := getenv("XDG_RUNTIME_DIR"); runtime != "" {
		paths = append(paths, filepath.Join(runtime, "containers", "auth.json"))
	}
	return append(paths, filepath.Join(configFolder(getenv), "containers", "auth.json"))
}

// readAuthFiles reads all that are there. It returns an *AuthFileError.
func readAuthFiles(getenv func(string) string) ([]authFile, error) {
	var files []authFile
	if text := getenv(dockerAuthConfig); text != "" {
		file, err := parseAuthFile("$"+dockerAuthConfig, []byte(text))
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	for _, path := range authPaths(getenv) {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, &AuthFileError{Path: path, Err: err}
		}
		file, err := parseAuthFile(path, text)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

func parseAuthFile(path string, text []byte) (authFile, error) {
	var content struct {
		Auths       map[string]json.RawMessage `json:"auths"`
		CredHelpers map[string]string          `json:"credHelpers"`
		CredsStore  string                     `json:"credsStore"`
	}
	if err := json.Unmarshal(text, &content); err != nil && len(bytes.TrimSpace(text)) > 0 {
		return authFile{}, &AuthFileError{Path: path, Line: lineOf(err, text), Err: err}
	}
	file := authFile{path: path, auths: map[string]json.RawMessage{}, store: content.CredsStore, own: map[string]string{}}
	for key, auth := range content.Auths {
		file.auths[placeOf(key)] = auth
	}
	for key, name := range content.CredHelpers {
		file.own[placeOf(key)] = name
	}
	return file, nil
}

// lineOf is where a text stops to be JSON; 0 where that is not known.
func lineOf(err error, text []byte) int {
	var broken *json.SyntaxError
	if !errors.As(err, &broken) {
		return 0
	}
	return 1 + bytes.Count(text[:min(int(broken.Offset), len(text))], []byte("\n"))
}

// helper is the name of the program that has the login of a place; empty for none.
func (f authFile) helper(place string) string {
	registry, _, _ := strings.Cut(place, "/")
	return cmp.Or(f.own[registry], f.store)
}

// login is what the file itself has for a place, or for what the place is below.
func (f authFile) login(place string) (login, error) {
	for {
		var found authn.AuthConfig
		if auth, ok := f.auths[place]; ok {
			if err := json.Unmarshal(auth, &found); err != nil {
				return login{}, &AuthFileError{Path: f.path, Err: fmt.Errorf("auths of %q: %w", place, err)}
			}
		}
		if found != (authn.AuthConfig{}) {
			return login{found, f.path}, nil
		}
		end := strings.LastIndex(place, "/")
		if end < 0 {
			return login{}, nil
		}
		place = place[:end]
	}
}

// dockerHub is how people spell the registry that has three names.
const dockerHub = "docker.io"

// placeOf is a key of an authentication file, or the name of a repository, in one
// spelling: docker writes addresses with a scheme, podman names with a path.
func placeOf(key string) string {
	bare := strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	host, path, _ := strings.Cut(strings.TrimSuffix(bare, "/"), "/")
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		host = dockerHub
	}
	if bare != key || path == "v1" || path == "v2" || path == "" {
		return host
	}
	return host + "/" + path
}

// serverOf is how docker names the registry of a place to a helper.
func serverOf(place string) string {
	registry, _, _ := strings.Cut(place, "/")
	if registry == dockerHub {
		return authn.DefaultAuthKey
	}
	return registry
}
