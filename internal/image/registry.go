package image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/skycap/skycap/internal/run"
)

// answerTimeout bounds all that is asked about one image, and before that what a
// helper takes for the credentials.
const answerTimeout = 30 * time.Second

// Registry asks registries, with the credentials and certificates that docker and
// podman use. Connections, tokens and credentials are kept for the next question.
type Registry struct {
	keychain *keychain
	puller   *remote.Puller
	timeout  time.Duration // of all that is asked about one image
}

// Open makes ready to ask. Runner runs the programs that keep the user's credentials,
// and getenv tells where else they are.
func Open(runner run.Runner, getenv func(string) string) (*Registry, error) {
	keychain := newKeychain(runner, getenv)
	puller, err := remote.NewPuller(
		remote.WithAuthFromKeychain(keychain),
		remote.WithTransport(&wire{folders: certificateFolders(getenv)}),
		remote.WithRetryBackoff(remote.Backoff{Duration: 200 * time.Millisecond, Factor: 3, Steps: 3}),
		remote.WithJobs(16))
	return &Registry{keychain: keychain, puller: puller, timeout: answerTimeout}, err
}

// Find asks the registry which digest a tag stands for. It returns a *TagError, or
// what the registry's answer means: a *NotFoundError, *DeniedError, *NotImageError,
// *UntrustedError, *PlainError or *UnreachableError. What keeps it from asking is an
// *AuthFileError, *HelperError or *CertificateFileError.
func (r *Registry) Find(ctx context.Context, repository, tag string) (Image, error) {
	if err := CheckTag(tag); err != nil {
		return Image{}, err
	}
	reference, err := name.NewTag(repository + ":" + tag)
	if err != nil {
		return Image{}, fmt.Errorf("image %q: %w", repository, err)
	}
	login, err := r.keychain.login(ctx, reference.Context()) // has a deadline of its own, and is remembered
	if err != nil {
		return Image{}, err
	}
	limited, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	found, err := r.find(limited, reference)
	if ctx.Err() != nil {
		return Image{}, ctx.Err()
	}
	if err != nil {
		return Image{}, question{reference, login, r.timeout}.failed(err)
	}
	found.Repository, found.Tag = repository, tag
	return found, nil
}

func (r *Registry) find(ctx context.Context, reference name.Reference) (Image, error) {
	descriptor, err := r.puller.Get(ctx, reference)
	if err != nil {
		return Image{}, err
	}
	image, platforms, err := oneImage(descriptor)
	if err != nil {
		return Image{}, err
	}
	manifest, err := image.Manifest()
	if err != nil {
		return Image{}, err
	}
	if !manifest.Config.MediaType.IsConfig() {
		return Image{}, &NotImageError{Why: fmt.Sprintf("it is an artifact of type %q", manifest.Config.MediaType)}
	}
	config, err := image.ConfigFile()
	if err != nil {
		return Image{}, err
	}
	if !descriptor.MediaType.IsIndex() {
		platforms = platformsOf(config.Platform())
	}
	return Image{Digest: descriptor.Digest.String(), Revision: config.Config.Labels[RevisionLabel], Platforms: platforms}, nil
}

// oneImage is the image itself or, of a multi-platform one, the first, and all that
// the index lists: the pipeline puts the same label on each.
func oneImage(descriptor *remote.Descriptor) (v1.Image, []Platform, error) {
	if err := checkType(descriptor.MediaType); err != nil {
		return nil, nil, err
	}
	if !descriptor.MediaType.IsIndex() {
		image, err := descriptor.Image()
		return image, nil, err
	}
	index, err := descriptor.ImageIndex()
	if err != nil {
		return nil, nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, nil, err
	}
	var platforms []*v1.Platform
	var first v1.Hash
	for _, entry := range manifest.Manifests {
		if !entry.MediaType.IsImage() || isAttestation(entry) {
			continue
		}
		if platforms = append(platforms, entry.Platform); len(platforms) == 1 {
			first = entry.Digest
		}
	}
	if len(platforms) == 0 {
		return nil, nil, &NotImageError{Why: "its index lists no image"}
	}
	image, err := index.Image(first)
	return image, platformsOf(platforms...), err
}

// checkType refuses manifests that no image has. A type that is missing, or says
// nothing, is no fault: the manifest will tell.
func checkType(kind types.MediaType) error {
	name, _, _ := strings.Cut(string(kind), ";")
	switch {
	case kind.IsImage(), kind.IsIndex(), name == "", name == "application/json", name == "application/octet-stream", name == "text/plain":
		return nil
	case name == "text/html":
		return errors.New("it answers with a web page: is a login page or a proxy before it?")
	}
	return &NotImageError{Why: fmt.Sprintf("its manifest is of type %q", string(kind))}
}

// isAttestation tells what a build says of itself, which lies beside the images that it has made.
func isAttestation(entry v1.Descriptor) bool {
	return entry.Platform != nil && entry.Platform.OS == "unknown"
}

// client is what requests are sent by when nothing is set up for a host.
func client() *http.Transport {
	return remote.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
}
