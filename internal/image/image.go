// Package image finds the container image that the CI pipeline tagged with a
// revision, and pins it by the digest that the registry answers.
package image

import (
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/skycap/skycap/internal/revision"
)

// The labels that say which commit an image was built from, and where its repository is.
// Source: https://github.com/opencontainers/image-spec/blob/main/annotations.md.
const (
	RevisionLabel = "org.opencontainers.image.revision"
	SourceLabel   = "org.opencontainers.image.source"
)

// Image is an image that a registry has.
type Image struct {
	Repository string // as skycap.yaml spells it, without tag and digest
	Tag        string
	Digest     string // sha256:…
	Revision   string // what RevisionLabel says; empty without that label

	Platforms []Platform // that it is built for; none where it says nothing of them, as in records
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

// tagRule is the distribution specification's rule for tags.
var tagRule = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)

// CheckTag refuses, by a *TagError, what no registry takes for a tag.
func CheckTag(tag string) error {
	if !tagRule.MatchString(tag) {
		return &TagError{Tag: tag}
	}
	return nil
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
