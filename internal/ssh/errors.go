package ssh

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// HostKeyError says that a host's key is not known, or is another than the known one.
type HostKeyError struct {
	Host        Host
	Jump        string // the jump host whose key it is; empty for the host itself
	Changed     bool
	Type        string // ED25519
	Fingerprint string // SHA256:…, empty when ssh didn't tell
	Known       string // file:line of the known key, of a changed one
}

func (e *HostKeyError) Error() string {
	of := ""
	if e.Jump != "" {
		of = fmt.Sprintf(" of its jump host %q", e.Jump)
	}
	if e.Changed {
		return fmt.Sprintf("host %q: the key%s has changed: it shows %s %s, but %s has another", e.Host, of, e.Type, e.Fingerprint, e.Known)
	}
	return fmt.Sprintf("host %q: the key%s is not known: it shows %s %s", e.Host, of, e.Type, e.Fingerprint)
}

// HostKeysError is the host-key errors of many hosts in one.
type HostKeysError struct {
	Keys []*HostKeyError
}

func (e *HostKeysError) Error() string {
	lines := make([]string, 0, len(e.Keys))
	for _, key := range e.Keys {
		lines = append(lines, key.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the error of each host.
func (e *HostKeysError) Unwrap() []error {
	all := make([]error, 0, len(e.Keys))
	for _, key := range e.Keys {
		all = append(all, key)
	}
	return all
}

// Join joins the errors of many hosts as errors.Join does, but folds all
// host-key errors into one [*HostKeysError], so that they are read in one go.
func Join(errs ...error) error {
	keys, rest := &HostKeysError{}, []error{nil}
	for _, err := range errs {
		var many *HostKeysError
		var key *HostKeyError
		switch {
		case errors.As(err, &many):
			keys.Keys = append(keys.Keys, many.Keys...)
		case errors.As(err, &key):
			keys.Keys = append(keys.Keys, key)
		default:
			rest = append(rest, err)
		}
	}
	if len(keys.Keys) > 0 {
		rest[0] = keys
	}
	return errors.Join(rest...)
}

// AuthError says that a host, or its jump host, refused who we are. It is never tried twice.
type AuthError struct {
	Host    Host
	Jump    string   // the jump host that refused; empty for the host itself
	Methods []string // that the host accepts
	Tried   []string // that ssh tried
	Text    string   // the last words of ssh
}

func (e *AuthError) Error() string {
	who := fmt.Sprintf("host %q", e.Host)
	if e.Jump != "" {
		who += fmt.Sprintf(", jump host %q", e.Jump)
	}
	tried := "none"
	if len(e.Tried) > 0 {
		tried = strings.Join(e.Tried, ", ")
	}
	return fmt.Sprintf("%s refused to let us in: it accepts %s, tried was %s", who, strings.Join(e.Methods, ", "), tried)
}

// UnreachableError says that no session with the host came to be, or, when Lost,
// that it ended before the step was sent: the step did nothing.
type UnreachableError struct {
	Host  Host
	Text  string // the last words of ssh
	Limit string // the setting of the server that was probably hit; empty when none
	Tries int
	Lost  bool
}

func (e *UnreachableError) Error() string {
	if e.Lost {
		return fmt.Sprintf("host %q: the connection was lost before the step was sent: %s", e.Host, e.Text)
	}
	text := fmt.Sprintf("host %q can't be reached: %s", e.Host, e.Text)
	if e.Tries > 1 {
		text += fmt.Sprintf(" (%d tries)", e.Tries)
	}
	if e.Limit != "" {
		text += "; it probably has more new connections than its sshd allows: " + e.Limit
	}
	return text
}

// UnknownError says that the connection was lost before a step's result arrived:
// what the step did is not known.
type UnknownError struct {
	Host Host
	Step string
	Text string // the last words of ssh
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("host %q: the connection was lost during %q, so what it did is not known: %s", e.Host, e.Step, e.Text)
}

// TimeoutError says that a step was stopped since it took too long.
type TimeoutError struct {
	Host  Host
	Step  string
	After time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("host %q: %q did not end within %s", e.Host, e.Step, e.After)
}

// ShellError says that ssh logged in but found no shell to work with.
type ShellError struct {
	Host    Host
	Missing []string // programs that the host lacks
	Text    string   // what the host said instead
}

func (e *ShellError) Error() string {
	if len(e.Missing) > 0 {
		return fmt.Sprintf("host %q lacks the programs %s", e.Host, strings.Join(e.Missing, ", "))
	}
	return fmt.Sprintf("host %q gives us no POSIX shell: %s", e.Host, e.Text)
}

// OutputError says that a step wrote more than [OutputKept] bytes and had no writer for them.
type OutputError struct {
	Host Host
	Step string
}

func (e *OutputError) Error() string {
	return fmt.Sprintf("host %q: %q wrote more than %d bytes", e.Host, e.Step, OutputKept)
}

// ErrClosed is the error of steps that were sent to a session after its Close.
var ErrClosed = errors.New("the session is closed")
