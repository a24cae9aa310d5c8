// Package image finds the container image that the CI pipeline tagged with a
// revision, and pins it by the digest that the registry answers.
package image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/skycap/skycap/internal/revision"
)

// The labels that say which commit an image was built from, and where its repository is.
// Source: https://github.com/opencontainers/image-spec/blob/main/annotations.md.
const (
	RevisionLabel = "org.opencontainers.image.revision"
	SourceLabel   = "org.opencontainers.image.source"
)

// requestTimeout bounds everything that is asked about one image.
const requestTimeout = 30 * time.Second

// Image is an image that a registry has.
type Image struct {
	Repository string // as skycap.yaml spells it, without tag and digest
	Tag        string
	Digest     string // sha256:…
	Revision   string // what RevisionLabel says; empty without that label
}

// String is the reference that a manifest carries: repository:tag@digest.
func (i Image) String() string { return i.Repository + ":" + i.Tag + "@" + i.Digest }

// Parse reads a reference as String makes it.
func Parse(reference string) Image {
	named, digest, _ := strings.Cut(reference, "@")
	repository := Repository(named)
	return Image{Repository: repository, Tag: strings.TrimPrefix(strings.TrimPrefix(named, repository), ":"), Digest: digest}
}

// Repository is a reference without its tag and digest.
func Repository(reference string) string {
	reference, _, _ = strings.Cut(reference, "@")
	if colon := strings.LastIndex(reference, ":"); colon > strings.LastIndex(reference, "/") {
		return reference[:colon]
	}
	return reference
}

// Host is the registry of a reference, as one logs in to it.
func Host(reference string) string {
	parsed, err := name.ParseReference(reference)
	if err != nil {
		return ""
	}
	if host := parsed.Context().RegistryStr(); host != name.DefaultRegistry {
		return host
	}
	return "docker.io"
}

// Digest is the digest that ends a reference, or empty.
func Digest(reference string) string {
	_, digest, _ := strings.Cut(reference, "@")
	return digest
}

// Registry asks registries, with the credentials of the user's docker configuration.
type Registry struct{}

// tagRule is the distribution specification's rule for tags.
var tagRule = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)

// CheckTag refuses, by a *TagError, what no registry takes for a tag.
func CheckTag(tag string) error {
	if !tagRule.MatchString(tag) {
		return &TagError{Tag: tag}
	}
	return nil
}

// Find asks the registry which digest a tag stands for. It returns a
// *TagError, *NotFoundError, *DeniedError or *UnreachableError.
func (Registry) Find(ctx context.Context, repository, tag string) (Image, error) {
	if err := CheckTag(tag); err != nil {
		return Image{}, err
	}
	reference, err := name.ParseReference(repository + ":" + tag)
	if err != nil {
		return Image{}, fmt.Errorf("image %q: %w", repository, err)
	}
	limited, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	found, err := find(limited, reference)
	if ctx.Err() != nil {
		return Image{}, ctx.Err()
	}
	if err != nil {
		return Image{}, classify(reference, err)
	}
	found.Repository, found.Tag = repository, tag
	return found, nil
}

func find(ctx context.Context, reference name.Reference) (Image, error) {
	descriptor, err := remote.Get(reference,
		remote.WithContext(ctx),
		remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithRetryBackoff(remote.Backoff{Duration: 200 * time.Millisecond, Factor: 3, Steps: 3}))
	if err != nil {
		return Image{}, err
	}
	image, err := oneImage(descriptor)
	if err != nil {
		return Image{}, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return Image{}, err
	}
	return Image{Digest: descriptor.Digest.String(), Revision: config.Config.Labels[RevisionLabel]}, nil
}

// oneImage is the image itself or, of a multi-platform one, the first: the
// pipeline puts the same label on each.
func oneImage(descriptor *remote.Descriptor) (v1.Image, error) {
	if !descriptor.MediaType.IsIndex() {
		return descriptor.Image()
	}
	index, err := descriptor.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, entry := range manifest.Manifests {
		if entry.MediaType.IsImage() && (entry.Platform == nil || entry.Platform.OS != "unknown") {
			return index.Image(entry.Digest)
		}
	}
	return nil, errors.New("its index lists no image")
}

// Check refuses an image whose label names another revision. With demand, an
// image without the label is refused as well.
func Check(image Image, revision revision.Revision, demand bool) error {
	switch {
	case image.Revision == "" && demand:
		return &UnlabelledError{Image: image}
	case image.Revision == "", strings.EqualFold(image.Revision, revision.ID):
		return nil
	case len(image.Revision) >= 12 && strings.HasPrefix(revision.ID, strings.ToLower(image.Revision)):
		return nil
	}
	return &MismatchError{Image: image, Revision: revision}
}

func classify(reference name.Reference, err error) error {
	var answer *transport.Error
	if !errors.As(err, &answer) {
		return &UnreachableError{Registry: reference.Context().RegistryStr(), Image: reference.String(), Err: err}
	}
	switch answer.StatusCode {
	case http.StatusNotFound:
		return &NotFoundError{Image: reference.String()}
	case http.StatusUnauthorized, http.StatusForbidden:
		return &DeniedError{Registry: reference.Context().RegistryStr(), Image: reference.String(), Status: answer.StatusCode}
	}
	return &UnreachableError{Registry: reference.Context().RegistryStr(), Image: reference.String(), Err: err}
}
