package kubectl

import (
	"strings"
	"sync"
)

// wordsKept is how much of what a process said is kept, in bytes.
const wordsKept = 4 << 10

// lastWords keeps the end of what a process that goes on has said. It is safe for
// concurrent use; the zero value is ready.
type lastWords struct {
	mutex sync.Mutex
	text  []byte
}

// Write implements io.Writer. It never fails.
func (w *lastWords) Write(data []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.text = append(w.text, data...)
	w.text = w.text[max(0, len(w.text)-wordsKept):]
	return len(data), nil
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
