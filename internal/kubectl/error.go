package kubectl

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// Error is a failure of kubectl, or of a request through it.
type Error struct {
	Reason             Reason
	Context, Namespace string   // where it was
	Command            string   // as one could paste it, or the request
	Text               string   // why
	Before             []string // what else was said, noise and warnings: they may be the cause
	Faults             []Fault
	API                string        // that is down, as in "metrics.k8s.io/v1beta1"; empty for any other reason
	RetryAfter         time.Duration // how long the server wants to be left alone; 0 where it doesn't say
	Tries              int           // how often it was tried, where that was more than once
}

// Fault is what is wrong with one field of an object.
type Fault struct {
	Object string // as in `Deployment "web"`; empty where it isn't said
	Field  string // as in spec.replicas
	Text   string // what is wrong with it
}

func (e *Error) Error() string {
	text := e.Text
	if text == "" {
		text = fmt.Sprintf("%q failed and said nothing", e.Command)
	}
	if e.Tries > 1 {
		text += fmt.Sprintf(" (tried %d times)", e.Tries)
	}
	return text
}

// lasting is what does not pass by itself, though its reason may: names that
// nobody knows, certificates that nobody trusts, addresses that speak another
// protocol, a proxy of ours that has ended.
var lasting = regexp.MustCompile(`^\w+ "http://localhost/[^"]*": dial unix |no such host|x509: |first record does not look like a TLS handshake|unsupported protocol scheme`)

// MayPass reports whether the same may succeed when it is tried again.
func (e *Error) MayPass() bool { return e.Reason.MayPass() && !lasting.MatchString(e.Text) }

// failure makes an *Error of the end of a kubectl that failed or hung, and nil of any other.
func (c Client) failure(command run.Command, noise *filter, err error) error {
	var exit *run.ExitError
	var late *run.TimeoutError
	isExit, isLate := errors.As(err, &exit), errors.As(err, &late)
	if !isExit && !isLate {
		return nil
	}
	text, before := noise.apart()
	failure := &Error{
		Context: c.Context, Namespace: c.Namespace, Command: command.String(), Text: strings.TrimPrefix(text, "error: "), Before: before,
	}
	failure.explain(noise.fatal(), noise.failure())
	switch {
	case isLate && failure.Reason == Other:
		failure.Reason = Timeout
		fallthrough
	case isLate:
		failure.Text = strings.TrimSpace(late.Error() + "\n" + text)
	case text == "":
		failure.Text = fmt.Sprintf("%q %s and said nothing", failure.Command, exit.How())
	}
	return failure
}

// explain finds the reason in what kubectl said last. Of several complaints the
// one counts that does not pass by itself. All that was said, noise included, can
// name an API that is down, which kubectl itself takes for a kind that nobody knows.
func (e *Error) explain(fatal, said string) {
	for _, status := range statuses(fatal) {
		reason := reasonOf(status)
		if e.Reason == "" || e.Reason == Other || e.Reason.MayPass() && !reason.MayPass() && reason != Other {
			e.Reason = reason
		}
		if reason == Invalid {
			e.Faults = append(e.Faults, faultsOf(status)...)
		}
	}
	if down, isDown := downAPI(said); e.Reason == NoKind && isDown && down.hides(fatal) {
		e.Reason, e.API = APIDown, down.api
		e.Text = fmt.Sprintf("API %q is down (%s), so that its kinds are unknown: %s", down.api, down.cause, e.Text)
	}
}
