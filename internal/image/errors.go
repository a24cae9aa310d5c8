package image

import (
	"fmt"

	"github.com/skycap/skycap/internal/revision"
)

// NotFoundError says that a registry answered, and has no such image.
type NotFoundError struct {
	Image string
}

func (e *NotFoundError) Error() string { return fmt.Sprintf("image %q was not found", e.Image) }

// DeniedError says that a registry refused the user's credentials, or that there are none.
type DeniedError struct {
	Registry, Image string
	Status          int // of HTTP
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("registry %q denies access to image %q (HTTP status %d)", e.Registry, e.Image, e.Status)
}

// UnreachableError says that a registry did not answer, or not as a registry does.
type UnreachableError struct {
	Registry, Image string
	Err             error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("registry %q gave no answer about image %q: %v", e.Registry, e.Image, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// TagError says that the tag made for a revision is none that a registry could hold.
type TagError struct {
	Tag string
}

func (e *TagError) Error() string {
	return fmt.Sprintf("image tag %q is not valid: it takes up to 128 letters, digits, dots, dashes and underscores", e.Tag)
}

// MismatchError says that an image's label names another revision than the one it is tagged with.
type MismatchError struct {
	Image    Image
	Revision revision.Revision
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("image %q was built from revision %q, as its label %s says, not from %q",
		e.Image, e.Image.Revision, RevisionLabel, e.Revision.ID)
}

// UnlabelledError says that an image lacks the label that proves its revision.
type UnlabelledError struct {
	Image Image
}

func (e *UnlabelledError) Error() string {
	return fmt.Sprintf("image %q has no label %s, which a tag made of .Number demands since numbers differ between clones",
		e.Image, RevisionLabel)
}
