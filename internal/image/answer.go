package image

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// question is what a registry was asked, and as whom.
type question struct {
	reference name.Reference
	login     login
	timeout   time.Duration
}

// failed is what it means that there was no answer, or not the one that was hoped for.
func (q question) failed(err error) error {
	registry, image := q.reference.Context().RegistryStr(), q.reference.String()
	var (
		own       *CertificateFileError
		artifact  *NotImageError
		untrusted *tls.CertificateVerificationError
		answer    *transport.Error
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &artifact):
		return &NotImageError{Image: image, Why: artifact.Why}
	case errors.As(err, &untrusted):
		return &UntrustedError{Host: hostOf(err, registry), Image: image, UnknownIssuer: isUnknownIssuer(err), Err: untrusted.Err}
	case errors.Is(err, http.ErrSchemeMismatch) && !isLocal(registry):
		return &PlainError{Registry: hostOf(err, registry), Image: image}
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("it took longer than %s", q.timeout)
	case errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound && isOfManifest(answer.Request):
		return &NotFoundError{Image: image}
	case errors.As(err, &answer) && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden):
		return &DeniedError{Registry: registry, Image: image, Status: answer.StatusCode, Shown: q.login.source, LetIn: letsIn(answer)}
	case errors.As(err, &answer) && len(answer.Errors) == 0:
		err = fmt.Errorf("it answers with HTTP status %d%s", answer.StatusCode, bodyOf(answer))
	case strings.HasPrefix(err.Error(), "no token in bearer response"): // and what there is instead
		err = errors.New("its token server answers without a token")
	}
	return &UnreachableError{Registry: registry, Image: image, Err: err}
}

// letsIn tells whether a registry denies just this image to somebody whom it knows, or to
// all: it, or its token server, has taken the credentials that there are.
func letsIn(answer *transport.Error) bool {
	return answer.StatusCode == http.StatusForbidden ||
		isOfManifest(answer.Request) && strings.HasPrefix(answer.Request.Header.Get("Authorization"), "Bearer ")
}

// isOfManifest tells that the tag was asked for: who has no such address at all is no registry.
func isOfManifest(request *http.Request) bool {
	return request != nil && strings.Contains(request.URL.Path, "/manifests/")
}

// bodyOf is what something says that is no registry, or stands before one, in one line.
func bodyOf(answer *transport.Error) string {
	_, text, _ := strings.Cut(answer.Error(), http.StatusText(answer.StatusCode)+": ")
	text = strings.Join(strings.Fields(text), " ")
	switch {
	case text == "":
		return ""
	case strings.HasPrefix(text, "<"):
		return " and a web page"
	case len(text) > maxBody:
		text = strings.ToValidUTF8(text[:maxBody], "") + "…"
	}
	return ": " + text
}

// maxBody is how many bytes of it are shown.
const maxBody = 200

// isUnknownIssuer tells a private CA from what is wrong with the certificate itself.
func isUnknownIssuer(err error) bool {
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unknown)
}

// hostOf is whom a request went to: a registry may send its clients elsewhere for tokens.
func hostOf(err error, registry string) string {
	var failed *url.Error
	if errors.As(err, &failed) {
		if to, err := url.Parse(failed.URL); err == nil && to.Host != "" {
			return to.Host
		}
	}
	return registry
}

// isLocal reports whether a registry may speak plain HTTP.
func isLocal(registry string) bool {
	parsed, err := name.NewRegistry(registry)
	return err == nil && parsed.Scheme() == "http"
}
