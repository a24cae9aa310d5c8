package kubectl

import (
	"context"
	"strings"
	"sync"
	"time"
)

// wordsKept is how much of what a process said is kept, in bytes.
const wordsKept = 4 << 10

// wordsWithin is how long words are waited for that were said before an answer came.
const wordsWithin = time.Second

// lastWords keeps the end of what a process that goes on has said. It is safe for
// concurrent use; the zero value is ready.
type lastWords struct {
	mutex sync.Mutex
	text  []byte
	heard chan struct{} // is closed by the first; nil until somebody waits
}

// Write implements io.Writer. It never fails.
func (w *lastWords) Write(data []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.text = append(w.text, data...); w.heard != nil {
		close(w.heard)
		w.heard = nil
	}
	w.text = w.text[max(0, len(w.text)-wordsKept):]
	return len(data), nil
}

// await waits until something was said: what a process has said before it did something
// may be read here only after that.
func (w *lastWords) await(ctx context.Context) {
	select {
	case <-w.first():
	case <-ctx.Done():
	case <-time.After(wordsWithin):
	}
}

// first is closed once something was said.
func (w *lastWords) first() <-chan struct{} {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.heard == nil {
		w.heard = make(chan struct{})
	}
	heard := w.heard
	if len(w.text) > 0 {
		close(heard)
		w.heard = nil
	}
	return heard
}

// String is the last of it, each line once and without the log's headers.
func (w *lastWords) String() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	var lines []string
	seen := map[string]bool{}
	for line := range strings.Lines(string(w.text)) {
		line = strings.TrimSpace(line)
		if _, after, isEntry := strings.Cut(line, ".go:"); isEntry {
			_, line, _ = strings.Cut(after, "] ")
		}
		if line != "" && !seen[line] {
			lines, seen[line] = append(lines, line), true
		}
	}
	return strings.Join(lines, "\n")
}
