package report

import (
	"io"
	"sync"
)

// Logs prints lines that instances write, each behind the names of its service
// and instance. It is safe for concurrent use.
type Logs struct {
	out   io.Writer
	color bool
	mutex sync.Mutex
}

// NewLogs makes a printer of lines.
func NewLogs(out io.Writer, color bool) *Logs { return &Logs{out: out, color: color} }

// Print prints a line as the bytes that it is.
func (l *Logs) Print(service, instance, line string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	_, _ = io.WriteString(l.out, cyan.paint(l.color, clean(service+" "+instance)+" |")+" "+line+"\n")
}
