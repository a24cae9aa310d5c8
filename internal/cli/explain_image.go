package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/target/kubernetes"
)

// adviseOnImages knows the errors of images, and of registries.
func (s *session) adviseOnImages(err error) string {
	var (
		overdue    *image.OverdueError
		notFound   *image.NotFoundError
		artifact   *image.NotImageError
		mismatch   *image.MismatchError
		tag        *image.TagError
		unlabelled *image.UnlabelledError
		platform   *kubernetes.PlatformError
	)
	switch {
	case errors.As(err, &overdue):
		return fmt.Sprintf("look at the CI job that pushes tag %q; %sto wait longer: %s", overdue.Tag, preceding(s.adviseOnRegistry(err)),
			s.again("--wait-image", (2*overdue.After).String()))
	case errors.As(err, &notFound) && slices.Contains(s.args, "deploy"):
		return "its build may not have finished; to wait for it: " + s.again("--wait-image", "10m")
	case errors.As(err, &notFound):
		return "its build may not have finished"
	case errors.As(err, &artifact):
		return "push an image under that tag, or correct the image's name in skycap.yaml"
	case errors.As(err, &mismatch):
		return "build the image of " + mismatch.Revision.Short() + " again, and push it under its own tag"
	case errors.As(err, &tag):
		return "revision.tag in skycap.yaml makes the tag of a revision: correct it"
	case errors.As(err, &unlabelled):
		return "have the build set the label, or tag images by {{ .Short }}"
	case errors.As(err, &platform):
		return platform.Fix()
	}
	return s.adviseOnRegistry(err)
}

// adviseOnRegistry knows what keeps a registry from being asked, or from answering.
func (s *session) adviseOnRegistry(err error) string {
	var (
		denied      *image.DeniedError
		unreachable *image.UnreachableError
		untrusted   *image.UntrustedError
		plain       *image.PlainError
		certificate *image.CertificateFileError
		logins      *image.AuthFileError
		helper      *image.HelperError
		missing     *run.NotFoundError
	)
	switch {
	case errors.As(err, &denied) && denied.LetIn:
		return "to log in: docker login " + denied.Registry + "; some registries answer so for what is not there yet: has the CI job pushed it?"
	case errors.As(err, &denied):
		return "to log in: docker login " + denied.Registry
	case errors.As(err, &unreachable):
		return "is the registry up, and is this its address? curl " + unreachable.Address()
	case errors.As(err, &untrusted) && untrusted.UnknownIssuer:
		return fmt.Sprintf("where a CA of your own has signed it, put that CA's certificate into /etc/docker/certs.d/%[1]s/ca.crt or ~/.config/containers/certs.d/%[1]s/ca.crt", untrusted.Host)
	case errors.As(err, &untrusted):
		return "to see the certificate: curl --verbose https://" + untrusted.Host + "/v2/"
	case errors.As(err, &plain):
		return "give it a certificate; if a CA of your own signs it, put that into /etc/docker/certs.d/" + plain.Registry + "/ca.crt"
	case errors.As(err, &certificate):
		return "put a certificate in PEM there, a *.key beside each *.cert, or take the file away"
	case errors.As(err, &logins):
		return "correct it, or move it away and log in again: docker login <registry>"
	case errors.As(err, &helper) && errors.As(err, &missing):
		return fmt.Sprintf("install %s, or take it out of %q and log in again: docker login %s", helper.Program, helper.File, helper.Server)
	case errors.As(err, &helper):
		return fmt.Sprintf("to see what it says: echo %s | %s get", helper.Server, helper.Program)
	}
	return ""
}

// preceding is a hint that another follows.
func preceding(hint string) string {
	if hint == "" {
		return ""
	}
	return hint + "; "
}
