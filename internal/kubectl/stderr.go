package kubectl

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/skycap/skycap/internal/noise"
	"github.com/skycap/skycap/internal/run"
)

// filter is the stderr of one call of kubectl: noise is kept back, and the rest is
// told at once, up to what says why kubectl fails: that becomes an [Error]. A kubectl
// that goes on after an error, as a proxy does, has not failed: then that is told too.
type filter struct {
	*noise.Filter
	client  Client
	said    clipping
	first   string // the first line of an error, or how it begins
	held    repeats
	mutex   sync.Mutex // of what follows
	partial []byte     // the line of said that has begun
	untold  untold
	pausing *time.Timer
}

// listen makes the stderr of a command.
func (c Client) listen(command run.Command) *filter {
	f := &filter{client: c}
	if f.client.Rules == nil {
		f.client.Rules = noise.Default()
	}
	f.Filter = noise.New(noise.Options{
		Rules: f.client.Rules, Log: c.Noise,
		Out: writer(f.hear), Replay: io.Discard, Silence: writer(func(text []byte) { f.breakSilence(command, text) }),
		Held: func(record []byte, rule *noise.Rule) {
			if rule.Class == noise.Noise {
				f.held.add(string(record))
				tell(c.Debug, strings.TrimRight(string(record), "\r\n"))
			}
		},
		Unknown: c.unknown,
	})
	return f
}

// unknown tells of entries of klog that are shown since no rule knows them.
func (c Client) unknown(family string) {
	tell(c.Debug, fmt.Sprintf("no rule knows what kubectl says as %q: it is shown", family))
}

// writer makes an io.Writer of a function.
type writer func([]byte)

func (w writer) Write(data []byte) (int, error) {
	w(data)
	return len(data), nil
}

// hear takes what is no noise. People may be asked for something, as to log in with
// a code: so it is told line by line, and what lacks its newline after a pause.
func (f *filter) hear(text []byte) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.said.Write(text)
	isErrorWaiting := !f.untold.isEmpty()
	f.tellLines(text)
	switch {
	case f.pausing == nil:
		f.pausing = time.AfterFunc(noise.Pause, f.pause)
	case !isErrorWaiting: // that waits no longer, however much follows
		f.pausing.Reset(noise.Pause)
	}
}

// pause tells what was kept back, since kubectl goes on: it isn't its end, and may be a question.
func (f *filter) pause() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.tellRest(true)
}

// tellRest tells the line that has begun, and errors if they are not the end of kubectl.
func (f *filter) tellRest(goesOn bool) {
	f.tell(f.partial)
	f.partial = f.partial[:0]
	for _, text := range f.untold.take() {
		if goesOn {
			tell(f.client.Say, text)
		}
	}
}

func (f *filter) tellLines(text []byte) {
	for {
		line, rest, complete := bytes.Cut(text, []byte("\n"))
		if len(f.partial)+len(line) <= clippedAt {
			f.partial = append(f.partial, line...)
		}
		if !complete {
			return
		}
		f.tell(f.partial)
		f.partial, text = f.partial[:0], rest
	}
}

func (f *filter) tell(line []byte) {
	text := strings.TrimRight(string(line), "\r")
	class, _ := f.client.Rules.Class(line, false)
	switch {
	case strings.TrimSpace(text) == "":
	case class == noise.Warning:
		tell(f.client.Warn, strings.TrimPrefix(text, warningPrefix))
	case class == noise.Error, !f.untold.isEmpty():
		if f.first == "" {
			f.first = text
		}
		f.untold.add(text)
	default:
		tell(f.client.Say, text)
	}
}

// End tells the last line, if it has no newline, and errors of a kubectl that then
// succeeded all the same. Of one that failed they are the error.
func (f *filter) End(failed bool) {
	_ = f.Filter.End(failed) // it writes into memory
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.pausing != nil {
		f.pausing.Stop()
	}
	f.tellRest(!failed)
}

// breakSilence tells what was held, when nothing else was heard for long.
func (f *filter) breakSilence(command run.Command, text []byte) {
	tell(f.client.Say, fmt.Sprintf("%q has said nothing but this for %s:", command, noise.Silence))
	for line := range bytes.Lines(text) {
		tell(f.client.Say, strings.TrimRight(string(line), "\r\n"))
	}
}

const warningPrefix = "Warning: "

// lines are what was said that is no noise, each once: kubectl repeats itself for each object.
func (f *filter) lines() []string {
	var found []string
	seen := map[string]bool{}
	for line := range strings.Lines(f.said.String()) {
		line = strings.TrimRight(line, "\r\n")
		if !seen[line] {
			found, seen[line] = append(found, line), true
		}
	}
	return found
}

// fatal is what tells why kubectl failed: noise and warnings may name other
// failures, which were none of this command's. Where there is nothing else,
// they count.
func (f *filter) fatal() string {
	said := slices.DeleteFunc(f.lines(), func(line string) bool { return strings.HasPrefix(line, warningPrefix) })
	if len(said) == 0 {
		return f.failure()
	}
	return strings.Join(said, "\n")
}

// failure is all that kubectl said, since a hidden line must never be the
// reason that nobody understands a failure. What was held comes last.
func (f *filter) failure() string {
	return strings.TrimSpace(strings.Join(append(f.lines(), f.held.list()...), "\n"))
}

// apart is what says why kubectl failed, and what else it said: that comes first.
// Where nothing begins as errors do, all counts but noise and warnings; where there
// is nothing else, they do.
func (f *filter) apart() (text string, before []string) {
	isWhy := f.first == ""
	var said []string
	for _, line := range f.lines() {
		isWhy = isWhy || strings.HasPrefix(line, f.first)
		if !isWhy || strings.HasPrefix(line, warningPrefix) {
			before = append(before, line)
		} else {
			said = append(said, line)
		}
	}
	if text = strings.TrimSpace(strings.Join(said, "\n")); text == "" {
		return f.failure(), nil
	}
	return text, append(before, f.held.list()...)
}

// untold are lines that wait to be told: an error, and what follows it. All of them
// count should kubectl fail, but as lines to tell no more are kept than people read.
type untold struct {
	lines []string
	size  int // of lines, in bytes
}

func (u *untold) add(line string) {
	if u.size += len(line); u.size <= clippedAt || len(u.lines) == 0 {
		u.lines = append(u.lines, line)
	}
}

func (u *untold) isEmpty() bool { return len(u.lines) == 0 }

// take returns them, and keeps none.
func (u *untold) take() []string {
	lines := u.lines
	*u = untold{}
	return lines
}

// repeats are noise: equal entries once, whenever they were made, with their count.
type repeats struct {
	texts  []string
	counts map[string]int
	size   int // of texts, in bytes
}

func (e *repeats) add(record string) {
	text := strings.TrimRight(record, "\r\n")
	if _, after, isEntry := strings.Cut(text, ".go:"); isEntry {
		if _, message, isEntry := strings.Cut(after, "] "); isEntry {
			text = message
		}
	}
	if e.counts == nil {
		e.counts = map[string]int{}
	}
	if e.counts[text] == 0 {
		if e.size += len(text); e.size > clippedAt { // nobody reads on, and memory has an end
			return
		}
		e.texts = append(e.texts, text)
	}
	e.counts[text]++
}

func (e *repeats) list() []string {
	list := slices.Clone(e.texts)
	for i, text := range list {
		if e.counts[text] > 1 {
			list[i] = fmt.Sprintf("%s (×%d)", text, e.counts[text])
		}
	}
	return list
}

// clippedAt is how much of a text is kept of its beginning, and how much of its end, in bytes.
const clippedAt = 512 << 10

// clipping keeps the beginning and the end of a text.
type clipping struct {
	head, tail []byte
	cut        int
}

func (c *clipping) Write(data []byte) {
	room := min(clippedAt-len(c.head), len(data))
	c.head = append(c.head, data[:room]...)
	c.tail = append(c.tail, data[room:]...)
	if extra := len(c.tail) - 2*clippedAt; extra > 0 {
		c.cut += len(c.tail) - clippedAt
		c.tail = append(c.tail[:0], c.tail[len(c.tail)-clippedAt:]...)
	}
}

func (c *clipping) String() string {
	if c.cut == 0 {
		return string(c.head) + string(c.tail)
	}
	return fmt.Sprintf("%s\n… %d bytes are left out …\n%s", c.head, c.cut, c.tail)
}
