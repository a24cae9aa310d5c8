package kubectl

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// filter takes kubectl's stderr. Whether a line is noise can't be told from its
// text alone: it holds what may be, and decides when the exit status is known.
// The zero value is ready.
type filter struct {
	partial []byte
	records []record
}

// record is a line, or a klog entry with the lines that belong to it.
type record struct {
	text string
	held bool
}

// header begins a klog entry: severity, date, time, process, source file and line.
var header = regexp.MustCompile(`^([IWE])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ ([\w.-]+\.go):\d+\] (.*)`)

// families are the entries that say nothing when kubectl succeeds: discovery of
// an API that is down, throttling of one's own requests, a watch that was
// taken up again, deprecated credential plugins. Case is ignored and line
// numbers are left out, since both differ between versions.
var families = regexp.MustCompile(`(?i)^(E memcache\.go .*(couldn't get|resource list)|[IW] request\.go .*(throttling|waited)|` +
	`[WE] reflector\.go .*(failed to (list|watch))|W gcp\.go |W azure\.go |W helpers\.go .*deprecated)`)

// Write implements io.Writer. It never fails.
func (f *filter) Write(data []byte) (int, error) {
	f.partial = append(f.partial, data...)
	for {
		line, rest, complete := bytes.Cut(f.partial, []byte("\n"))
		if !complete {
			return len(data), nil
		}
		f.add(string(line))
		f.partial = rest
	}
}

func (f *filter) add(line string) {
	line = strings.TrimSuffix(line, "\r")
	entry := header.FindStringSubmatch(line)
	if entry == nil && f.continues(line) {
		last := &f.records[len(f.records)-1]
		last.text += "\n" + line
		return
	}
	held := entry != nil && families.MatchString(entry[1]+" "+entry[2]+" "+entry[3])
	f.records = append(f.records, record{text: line, held: held})
}

// continues reports whether a line belongs to a held entry before it, as the
// lines of a klog value do.
func (f *filter) continues(line string) bool {
	return len(f.records) > 0 && f.records[len(f.records)-1].held &&
		(strings.HasPrefix(line, "\t") || line == " >")
}

func (f *filter) flush() {
	if len(f.partial) > 0 {
		f.add(string(f.partial))
		f.partial = nil
	}
}

const warningPrefix = "Warning: "

func (r record) warns() bool { return strings.HasPrefix(r.text, warningPrefix) }

// warnings are what the server warned of, each once.
func (f *filter) warnings() []string {
	f.flush()
	var found []string
	seen := map[string]bool{}
	for _, record := range f.records {
		text, isWarning := strings.CutPrefix(record.text, warningPrefix)
		if isWarning && !seen[text] {
			found, seen[text] = append(found, text), true
		}
	}
	return found
}

// rest is what else kubectl said, for those who ask for details.
func (f *filter) rest() []string {
	f.flush()
	var found []string
	for _, record := range f.records {
		if !record.warns() {
			found = append(found, record.text)
		}
	}
	return found
}

// fatal is what tells why kubectl failed: noise and warnings may name other
// failures, which were none of this command's. Where there is nothing else,
// they count.
func (f *filter) fatal() string {
	var said []string
	for _, record := range f.records {
		if !record.held && !record.warns() {
			said = append(said, record.text)
		}
	}
	if len(said) == 0 {
		return f.failure()
	}
	return strings.Join(said, "\n")
}

// failure is all that kubectl said, since a hidden line must never be the
// reason that nobody understands a failure. What was held comes last, and
// equal entries once with their count.
func (f *filter) failure() string {
	f.flush()
	var said, noise []string
	counts := map[string]int{}
	for _, record := range f.records {
		if !record.held {
			if !slices.Contains(said, record.text) { // kubectl repeats itself for each object
				said = append(said, record.text)
			}
			continue
		}
		_, text, _ := strings.Cut(record.text, "] ")
		if counts[text]++; counts[text] == 1 {
			noise = append(noise, text)
		}
	}
	for i, text := range noise {
		if counts[text] > 1 {
			noise[i] = fmt.Sprintf("%s (×%d)", text, counts[text])
		}
	}
	return strings.TrimSpace(strings.Join(append(said, noise...), "\n"))
}
