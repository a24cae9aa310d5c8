package ssh

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/skycap/skycap/internal/run"
)

// lostError says that a connection that had worked has ended.
type lostError struct{ text string }

func (e *lostError) Error() string { return "the connection was lost: " + e.text }

// turnedAwayError says that a server closed the connection before it knew who we are.
type turnedAwayError struct {
	host  Host
	text  string
	limit string
}

func (e *turnedAwayError) Error() string {
	return fmt.Sprintf("host %q turned us away: %s", e.host, e.text)
}

// explainRoute makes the failure of ssh -G one of the host's.
func (s *Session) explainRoute(err error) error {
	var exit *run.ExitError
	if errors.As(err, &exit) {
		return &UnreachableError{Host: s.host, Text: exit.Stderr}
	}
	return err
}

// explain makes one error of how ssh ended, of its log, and of what the host said.
func (c *connection) explain(ctx context.Context, err error) error {
	var missing *run.NotFoundError
	c.mu.Lock()
	defer c.mu.Unlock()
	host := c.session.host
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &missing):
		return missing
	case len(c.missing) > 0:
		return &ShellError{Host: host, Missing: c.missing}
	}
	for i := len(c.path.logs) - 1; i >= 0; i-- { // the first hop first
		log := c.path.logs[i]
		text, _ := os.ReadFile(log.file) // none when ssh didn't come so far
		if log := parseLog(string(text)); !log.authenticated {
			return log.explain(host, c.path.logs[i].jump, c.late, c.lastWords(log))
		} else if i == 0 {
			return c.explainEnd(log, err)
		}
	}
	return &lostError{text: "ssh ended"}
}

// explainEnd explains a connection that had been authenticated.
func (c *connection) explainEnd(log sshLog, err error) error {
	var exit *run.ExitError
	byShell := !errors.As(err, &exit) || exit.Code != 255
	switch {
	case c.proven || !byShell && !c.late:
		return &lostError{text: c.lastWords(log)}
	case c.late:
		return &ShellError{Host: c.session.host, Text: "it did not answer within " + handshakeDeadline.String()}
	default:
		return &ShellError{Host: c.session.host, Text: c.lastWords(log)}
	}
}

// lastWords are the host's, or else ssh's. The caller holds the lock.
func (c *connection) lastWords(log sshLog) string {
	if log.words != "" {
		return log.words
	}
	if words := strings.TrimSpace(string(c.words)); words != "" {
		return words
	}
	return "ssh ended without a word"
}

// sshLog is what ssh -v tells.
type sshLog struct {
	authenticated bool
	identified    bool // it has told who we are
	text          string
	words         string // the last line for people
}

var (
	loggedIn    = regexp.MustCompile(`(?m)^(debug1: )?Authenticated to |mux_client_request_session: master session id`)
	identified  = regexp.MustCompile(`(?m)^debug1: Next authentication method: (\S+)`)
	offered     = regexp.MustCompile(`(?m)^debug1: Offering public key: (\S+)`)
	shownKey    = regexp.MustCompile(`(?m)^debug1: Server host key: (\S+) (\S+)`)
	refusedKey  = regexp.MustCompile(`Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key is known for`)
	changedKey  = regexp.MustCompile(`REMOTE HOST IDENTIFICATION HAS CHANGED`)
	added       = regexp.MustCompile(`(?m)^Warning: Permanently added`)
	offending   = regexp.MustCompile(`(?m)^Offending .*key in (.+?)\r?$`)
	denied      = regexp.MustCompile(`Permission denied \(([^)]*)\)|Too many authentication failures`)
	turnedAway  = regexp.MustCompile(`(?i)connection (reset|closed) |kex_exchange_identification: |ssh_exchange_identification: |Exceeded MaxStartups|Broken pipe`)
	notForNow   = regexp.MustCompile(`Not allowed at this time`)
	notForHuman = regexp.MustCompile(`^(debug\d: |OpenSSH_|Authenticated to |Warning: Permanently added|Transferred: |Bytes per second: )|^\s*$`)
)

func parseLog(text string) sshLog {
	log := sshLog{authenticated: loggedIn.MatchString(text), identified: identified.MatchString(text), text: text}
	for line := range strings.Lines(text) {
		if !notForHuman.MatchString(line) {
			log.words = strings.TrimSpace(line)
		}
	}
	return log
}

// explain explains a connection that was never authenticated.
func (l sshLog) explain(host Host, jump string, late bool, words string) error {
	switch {
	case refusedKey.MatchString(l.text):
		return &HostKeyError{
			Host: host, Jump: jump, Changed: changedKey.MatchString(l.text),
			Type: match(shownKey, l.text, 1), Fingerprint: match(shownKey, l.text, 2), Known: match(offending, l.text, 1),
		}
	case denied.MatchString(l.text):
		return &AuthError{Host: host, Jump: jump, Methods: strings.FieldsFunc(match(denied, l.text, 1), isComma), Tried: l.tried(), Text: words}
	case late:
		return &UnreachableError{Host: host, Tries: 1, Text: "it did not let us in within " + handshakeDeadline.String()}
	case notForNow.MatchString(l.text):
		return &UnreachableError{Host: host, Tries: 1, Text: words, Limit: "PerSourcePenalties"}
	case turnedAway.MatchString(l.text) && !l.identified:
		return &turnedAwayError{host: host, text: words, limit: "MaxStartups"}
	default:
		return &UnreachableError{Host: host, Tries: 1, Text: words}
	}
}

// tried are the methods that ssh tried, and the keys it offered.
func (l sshLog) tried() []string {
	var tried []string
	for _, found := range identified.FindAllStringSubmatch(l.text, -1) {
		tried = append(tried, found[1])
	}
	for _, found := range offered.FindAllStringSubmatch(l.text, -1) {
		tried = append(tried, found[1])
	}
	return tried
}

func isComma(r rune) bool { return r == ',' }

// match is a group of the first match, or empty.
func match(pattern *regexp.Regexp, text string, group int) string {
	if found := pattern.FindStringSubmatch(text); found != nil {
		return found[group]
	}
	return ""
}
