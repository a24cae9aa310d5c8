package kubectl

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/skycap/skycap/internal/run"
)

// Reason says why kubectl or the API server failed.
type Reason string

// The reasons.
const (
	Unreachable Reason = "unreachable" // no answer from the API server
	NoContext   Reason = "no context"  // the kubeconfig has no such context
	NoNamespace Reason = "no namespace"
	Denied      Reason = "denied"   // no credentials, or no permission
	Conflict    Reason = "conflict" // somebody else owns a field
	Exists      Reason = "exists"   // an object of that name is there already
	NoKind      Reason = "no kind"  // the server doesn't know a kind
	Rejected    Reason = "rejected" // invalid, or refused by admission
	NotFound    Reason = "not found"
	Other       Reason = "other"
)

// Error is a failure of kubectl, or of a request through it.
type Error struct {
	Reason             Reason
	Context, Namespace string   // where it was
	Command            string   // as one could paste it, or the request
	Text               string   // why
	Before             []string // what else was said, noise and warnings: they may be the cause
}

func (e *Error) Error() string {
	text := e.Text
	if text == "" {
		text = fmt.Sprintf("%q failed and said nothing", e.Command)
	}
	return text
}

// passing is what servers say while something of theirs is away for a moment.
var passing = regexp.MustCompile(`failed calling webhook|etcdserver: (leader changed|request timed out)|\((TooManyRequests|ServerTimeout|ServiceUnavailable)\)|` +
	`the server is currently unable to handle the request|connection refused|connection reset|http2: client connection lost|TLS handshake timeout`)

// Passing reports whether the same may well succeed when it is tried again.
func (e *Error) Passing() bool { return passing.MatchString(e.Text) }

// said is what kubectl and the server say when they fail, by reason; the first
// that fits counts. kubectl's words are its own, the server's come behind
// "Error from server (Reason)".
type said struct {
	reason Reason
	text   *regexp.Regexp
}

func sayings() []said {
	return []said{
		{NoContext, regexp.MustCompile(`context "[^"]*" does not exist|context was not found for specified context|no context exists with the name`)},
		{NoNamespace, regexp.MustCompile(`\(NotFound\).*namespaces? "[^"]*" not found`)},
		{Denied, regexp.MustCompile(`\(Unauthorized\)|is forbidden: User|You must be logged in|getting credentials|provide credentials`)},
		{Conflict, regexp.MustCompile(`Apply failed with \d+ conflict`)},
		{NoKind, regexp.MustCompile(`no matches for kind|the server doesn't have a resource type`)},
		{Rejected, regexp.MustCompile(`\((Invalid|BadRequest|RequestEntityTooLarge)\)|denied the request|is forbidden: |is invalid: `)},
		{Unreachable, regexp.MustCompile(`(?i)an error on the server \("<(html|!doctype)`)}, // a proxy's page instead of an answer
		{Other, regexp.MustCompile(`\(InternalError\)|Internal error occurred: `)},          // what the server couldn't reach is its own affair
		{Unreachable, regexp.MustCompile(`(?i)unable to connect to the server|connection (to the server .* was )?refused|i/o timeout|no such host|` +
			`TLS handshake|context deadline exceeded|server is currently unable|ServiceUnavailable|connection reset|actively refused|proxyconnect`)},
	}
}

func reasonOf(text string) Reason {
	for _, known := range sayings() {
		if known.text.MatchString(text) {
			return known.reason
		}
	}
	return Other
}

// failure makes an *Error of the end of a kubectl that failed or hung, and nil of any other.
func (c Client) failure(command run.Command, noise *filter, err error) error {
	text, before := noise.apart()
	failure := &Error{
		Before: before, Reason: reasonOf(noise.fatal()), Context: c.Context, Namespace: c.Namespace,
		Command: command.String(), Text: strings.TrimPrefix(text, "error: "),
	}
	var exit *run.ExitError
	var late *run.TimeoutError
	switch {
	case errors.As(err, &exit) && text == "":
		failure.Text = fmt.Sprintf("%q ended with exit status %d and said nothing", failure.Command, exit.Code)
	case errors.As(err, &exit):
	case errors.As(err, &late):
		failure.Text = strings.TrimSpace(late.Error() + "\n" + text)
	default:
		return nil
	}
	return failure
}
