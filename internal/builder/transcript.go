package builder

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// linesKept is how many of a builder's last lines an error has.
const linesKept = 15

// longest is how long a line may be, in bytes: what is longer is told in parts.
const longest = 16 << 10

// stepLine finds the step that a line begins or, as BuildKit says at the end, that has
// failed: docker's "Step 2/5 : RUN make", buildah's "[1/2] STEP 2/5: RUN make", and
// BuildKit's " > [build 2/5] RUN make:".
var stepLine = regexp.MustCompile(`^(?:\[[^\]]+\] )?(?:STEP|Step) \d+/\d+ ?: (.+)$|^ > \[[^\]]+\] (.+):$`)

// transcript passes a builder's lines on while they come, and keeps the last ones.
type transcript struct {
	line    func(string)
	partial []byte
	last    []string
	step    string
}

// Write takes what a builder says.
func (t *transcript) Write(data []byte) (int, error) {
	t.partial = append(t.partial, data...)
	for {
		end := bytes.IndexByte(t.partial, '\n')
		if end < 0 && len(t.partial) <= longest {
			return len(data), nil
		}
		if end < 0 {
			end = longest
		}
		t.tell(string(t.partial[:end]))
		t.partial = bytes.TrimPrefix(t.partial[end:], []byte("\n"))
	}
}

// end tells what has no line end.
func (t *transcript) end() { t.tell(string(t.partial)) }

func (t *transcript) tell(line string) {
	if line = strings.TrimRight(line, " \r"); line == "" {
		return
	}
	if found := stepLine.FindStringSubmatch(line); found != nil {
		t.step = found[1] + found[2]
	}
	t.last = append(t.last, line)
	t.last = t.last[max(0, len(t.last)-linesKept):]
	t.line(line)
}

// FailedError says that a builder didn't build or push an image.
type FailedError struct {
	Builder, Reference string
	Push               bool // it was built, but not pushed
	Code               int  // the builder's exit code
	Step               string
	Last               []string // the last lines that it said
}

func (e *FailedError) Error() string {
	what := "built"
	if e.Push {
		what = "pushed"
	}
	text := fmt.Sprintf("image %q was not %s: %s ended with exit status %d", e.Reference, what, e.Builder, e.Code)
	switch {
	case e.Step != "":
		text += fmt.Sprintf(" at step %q", e.Step)
	case len(e.Last) > 0:
		text += ": " + e.Last[len(e.Last)-1]
	}
	return text
}
