package image

import (
	"fmt"
	"time"

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
	Status          int    // of HTTP
	Shown           string // the file or helper of the credentials that were shown; empty for none
	LetIn           bool   // whether it knows who asks: some registries deny so what isn't there yet
}

func (e *DeniedError) Error() string {
	text := fmt.Sprintf("registry %q denies access to image %q (HTTP status %d)", e.Registry, e.Image, e.Status)
	if e.Shown == "" {
		return text + ", and there are no credentials for it"
	}
	return text + fmt.Sprintf(" with the credentials of %q", e.Shown)
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

// Address is where the registry was looked for.
func (e *UnreachableError) Address() string {
	if isLocal(e.Registry) {
		return "http://" + e.Registry + "/v2/"
	}
	return "https://" + e.Registry + "/v2/"
}

// NotImageError says that what a tag stands for is no image.
type NotImageError struct {
	Image, Why string
}

func (e *NotImageError) Error() string {
	return fmt.Sprintf("image %q is none that a container could be made of: %s", e.Image, e.Why)
}

// UntrustedError says that this machine does not trust a registry's certificate.
type UntrustedError struct {
	Host, Image   string
	UnknownIssuer bool // it may be good: the CA that signed it is not known here
	Err           error
}

func (e *UntrustedError) Error() string {
	return fmt.Sprintf("registry %q was not asked for image %q: its certificate is not trusted: %v", e.Host, e.Image, e.Err)
}

func (e *UntrustedError) Unwrap() error { return e.Err }

// PlainError says that a registry speaks plain HTTP, which is for this machine and
// private addresses alone.
type PlainError struct {
	Registry, Image string
}

func (e *PlainError) Error() string {
	return fmt.Sprintf("registry %q was not asked for image %q: it speaks HTTP without TLS", e.Registry, e.Image)
}

// CertificateFileError says that a file of certificates can't be used.
type CertificateFileError struct {
	Path string
	Err  error
}

func (e *CertificateFileError) Error() string {
	return fmt.Sprintf("certificate %q can't be used: %v", e.Path, e.Err)
}

func (e *CertificateFileError) Unwrap() error { return e.Err }

// AuthFileError says that a file of registries' credentials can't be read.
type AuthFileError struct {
	Path string
	Line int // where it stops to be JSON; 0 where that is not known
	Err  error
}

func (e *AuthFileError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("registries' credentials can't be read: %s:%d: %v", e.Path, e.Line, e.Err)
	}
	return fmt.Sprintf("registries' credentials can't be read from %q: %v", e.Path, e.Err)
}

func (e *AuthFileError) Unwrap() error { return e.Err }

// HelperError says that a program that keeps credentials gave none.
type HelperError struct {
	Program, Server string
	File            string // that names the program
	Err             error
}

func (e *HelperError) Error() string {
	return fmt.Sprintf("credential helper %q, as %q names it, gave no credentials for %q: %v", e.Program, e.File, e.Server, e.Err)
}

func (e *HelperError) Unwrap() error { return e.Err }

// OverdueError says that an image was waited for, and is not there still.
type OverdueError struct {
	Tag   string
	After time.Duration
	Err   error // what was found at last
}

func (e *OverdueError) Error() string { return fmt.Sprintf("%v, after %s of waiting", e.Err, e.After) }

func (e *OverdueError) Unwrap() error { return e.Err }

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
