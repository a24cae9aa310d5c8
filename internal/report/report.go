// Package report is skycap's voice. Code reports events, never text; the printer
// is chosen once: JSON lines, plain lines, or live lines on a terminal. Stdout
// carries the result and stderr the story. Only this package knows of logrus.
package report

import (
	"io"
	"sync"
	"time"

	"github.com/skycap/skycap/pkg/skycap"
)

// Options choose the printer. JSON beats the others.
type Options struct {
	Out, Err  io.Writer
	JSON      bool             // one event a line on Out, and nothing on Err
	Verbose   bool             // details too
	Quiet     bool             // text: only warnings, failures and results
	Color     bool             // text: in colour
	Terminal  bool             // Err is a terminal where lines can be repainted
	Width     int              // of the terminal in columns; 80 when zero
	Height    int              // of the terminal in lines; 24 when zero
	Command   string           // how a result reads: deploy (when empty), rollback, restart, move, build ...
	Now       func() time.Time // time.Now when nil
	Heartbeat time.Duration    // how long plain text stays silent during a wait; 15 s when zero
}

// printer is what becomes of events. The Reporter calls it from one goroutine at a time.
type printer interface {
	// event prints an event. A detail is for those who asked for details.
	event(event skycap.Event, detail bool)
	// tick is called often, for what changes with time only.
	tick(now time.Time)
	// close ends what is repainted.
	close(now time.Time)
}

// Reporter takes events. It stamps schema, time and number on them, and is safe
// for concurrent use.
type Reporter struct {
	options Options
	stopped chan struct{}

	mutex   sync.Mutex
	printer printer
	began   time.Time
	seq     int
	states  map[place]condition
	warned  map[string]bool
	ended   bool // a result was reported
	closed  bool
}

// place is where a service runs, or one instance of it; condition is how it is there.
type (
	place struct {
		service  string
		target   skycap.Target
		instance string // empty for the service as a whole
	}
	condition struct {
		state   skycap.State
		message string
	}
)

// interval is the time between two ticks.
const interval = 250 * time.Millisecond

// New makes a Reporter. Close it.
func New(options Options) *Reporter {
	r := newReporter(options)
	if !options.JSON {
		go r.run(min(interval, r.options.Heartbeat))
	}
	return r
}

// newReporter makes a Reporter that does not tick by itself.
func newReporter(options Options) *Reporter {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Heartbeat <= 0 {
		options.Heartbeat = 15 * time.Second
	}
	if options.Width <= 0 {
		options.Width = 80
	}
	if options.Height <= 0 {
		options.Height = 24
	}
	return &Reporter{
		options: options,
		stopped: make(chan struct{}),
		printer: choose(options),
		began:   options.Now(),
		states:  map[place]condition{},
		warned:  map[string]bool{},
	}
}

func choose(options Options) printer {
	switch {
	case options.JSON:
		return &jsonPrinter{out: options.Out}
	case options.Terminal && !options.Quiet:
		return newLive(options)
	default:
		return newPlain(options)
	}
}

func (r *Reporter) run(interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-r.stopped:
			return
		case <-ticker.C:
			r.tick()
		}
	}
}

func (r *Reporter) tick() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if !r.closed {
		r.printer.tick(r.options.Now())
	}
}

// Close ends heartbeats and live lines. What is reported later is still printed,
// line by line. Closing twice is fine.
func (r *Reporter) Close() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	close(r.stopped)
	r.printer.close(r.options.Now())
}
