package ssh

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"time"
)

// DefaultStepTimeout ends a step that names no Timeout.
const DefaultStepTimeout = 2 * time.Minute

// OutputKept is how much of a step's stdout, and of its stderr, a Result keeps,
// in bytes. A step that writes more fails with an [*OutputError]: give it a writer.
const OutputKept = 8 << 20

// Locked is the status of [Session.Lock] when another has the lock.
const Locked = 75

// Step is what to run on a host.
//
// What it leaves in the background ends with it, unless it calls setsid itself;
// such a program must not keep the step's stdout or stderr.
type Step struct {
	Name    string        // for people: "upload"
	Script  string        // POSIX sh, ours; its arguments are $1...
	Args    []string      // any bytes but NUL
	Env     []string      // NAME=value, exported to the script
	Input   []byte        // the script's stdin, exactly; shared between hosts, never copied
	User    string        // whom to run as, where that is not the login user: by runuser for root, else by sudo -n
	Timeout time.Duration // DefaultStepTimeout when zero
	Output  io.Writer     // is given stdout as it arrives; nil: it is kept in Result
	Errors  io.Writer     // the same for stderr
}

// Result is how a step ended. A status other than 0 is no Go error.
type Result struct {
	Status int    // as a shell says it: 128 and more for signals
	Signal string // that ended it, "KILL"; empty when none did
	Stdout []byte
	Stderr []byte
}

func (s Step) timeout() time.Duration {
	if s.Timeout == 0 {
		return DefaultStepTimeout
	}
	return s.Timeout
}

// check refuses what can't be told to a shell.
func (s Step) check() error {
	for _, word := range append(append([]string{s.Script}, s.Args...), s.Env...) {
		if strings.ContainsRune(word, 0) {
			return fmt.Errorf("step %q: a NUL byte can't be passed to a shell: %q", s.Name, word)
		}
	}
	for _, pair := range s.Env {
		if name, _, _ := strings.Cut(pair, "="); !envName.MatchString(name) || !strings.Contains(pair, "=") {
			return fmt.Errorf("step %q: %q is not NAME=value", s.Name, pair)
		}
	}
	if s.User != "" && !userName.MatchString(s.User) {
		return &NameError{What: "user", Name: s.User}
	}
	return nil
}

// packed is the text in gzip: of a small deploy, most of what goes over the wire are scripts.
func (s Step) packed() []byte {
	var packed bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // which is a level
	_, _ = writer.Write(s.text())                                   // a buffer takes all
	_ = writer.Close()
	return packed.Bytes()
}

// text is the script with its arguments and environment. The braces make a text
// that was cut off a syntax error instead of half a script.
func (s Step) text() []byte {
	var text bytes.Buffer
	text.WriteString("{\nset --")
	for _, arg := range s.Args {
		text.WriteString(" " + quote(arg))
	}
	text.WriteByte('\n')
	for _, pair := range s.Env {
		name, value, _ := strings.Cut(pair, "=")
		text.WriteString("export " + name + "=" + quote(value) + "\n")
	}
	text.WriteString(s.Script + "\n}\n")
	return text.Bytes()
}

func quote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// signalName names the signal by which a program with that status ended; a
// program that exits with such a status by itself can't be told apart.
func signalName(status int) string {
	return map[int]string{
		129: "HUP", 130: "INT", 131: "QUIT", 132: "ILL", 133: "TRAP", 134: "ABRT", 135: "BUS", 136: "FPE",
		137: "KILL", 138: "USR1", 139: "SEGV", 140: "USR2", 141: "PIPE", 142: "ALRM", 143: "TERM",
	}[status]
}
