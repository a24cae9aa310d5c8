package image

import (
	"context"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/skycap/skycap/internal/run"
)

// login is what is shown to a registry; zero is nothing.
type login struct {
	authn.AuthConfig
	source string // the file or the helper that it is from; empty for none
}

// keychain finds the user's logins where docker and podman keep them. Each file is
// read once, and each helper is asked once for a registry.
type keychain struct {
	runner  run.Runner
	timeout time.Duration // of a helper
	files   func() ([]authFile, error)

	mutex sync.Mutex
	asked map[helper]func() (login, error)
}

func newKeychain(runner run.Runner, getenv func(string) string) *keychain {
	return &keychain{
		runner: runner, timeout: answerTimeout,
		files: sync.OnceValues(func() ([]authFile, error) { return readAuthFiles(getenv) }),
		asked: map[helper]func() (login, error){},
	}
}

// Resolve implements [authn.Keychain].
func (k *keychain) Resolve(of authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), of)
}

// ResolveContext implements [authn.ContextKeychain].
func (k *keychain) ResolveContext(ctx context.Context, of authn.Resource) (authn.Authenticator, error) {
	repository, err := name.NewRepository(of.String())
	if err != nil {
		return nil, err
	}
	found, err := k.login(ctx, repository)
	if err != nil || found.source == "" {
		return authn.Anonymous, err
	}
	return authn.FromConfig(found.AuthConfig), nil
}

// login is the first that a file has for a repository. In each, a helper for the registry
// comes before the one for all, and that before what the file itself says.
func (k *keychain) login(ctx context.Context, of name.Repository) (login, error) {
	files, err := k.files()
	if err != nil {
		return login{}, err
	}
	place := placeOf(of.Name())
	for _, file := range files {
		if asks := file.helper(place); asks != "" {
			found, err := k.ask(ctx, helper{program: helperPrefix + asks, server: serverOf(place), file: file.path})
			if err != nil || found.source != "" {
				return found, err
			}
		}
		if found, err := file.login(place); err != nil || found.source != "" {
			return found, err
		}
	}
	return login{}, nil
}

// ask asks a helper, unless it was asked before.
func (k *keychain) ask(ctx context.Context, of helper) (login, error) {
	k.mutex.Lock()
	answer, known := k.asked[of]
	if !known {
		answer = sync.OnceValues(func() (login, error) { return of.ask(ctx, k.runner, k.timeout) })
		k.asked[of] = answer
	}
	k.mutex.Unlock()
	return answer()
}
