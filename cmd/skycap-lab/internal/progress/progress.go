// Package progress tells a person what the lab is doing: one line a step with its
// duration, and a sign of life while a step takes long.
package progress

import (
	"fmt"
	"io"
	"time"
)

// heartbeat is the silence after which a step says that it is still at work.
const heartbeat = 15 * time.Second

// Printer prints steps.
type Printer struct{ w io.Writer }

// New returns a printer that writes to w.
func New(w io.Writer) Printer { return Printer{w: w} }

// Step runs one step. What do returns is printed as its outcome.
func (p Printer) Step(name string, do func() (outcome string, err error)) error {
	start := time.Now()
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p.beat(name, start, done)
	}()
	outcome, err := do()
	close(done)
	<-stopped
	if err != nil {
		fmt.Fprintf(p.w, "  ✗ %-20s failed after %s\n", name, seconds(start)) //nolint:errcheck // nowhere to say it
		return err
	}
	fmt.Fprintf(p.w, "  ✓ %-20s %s (%s)\n", name, outcome, seconds(start)) //nolint:errcheck // nowhere to say it
	return nil
}

// Say prints a line of its own.
func (p Printer) Say(format string, args ...any) {
	fmt.Fprintf(p.w, "  • "+format+"\n", args...) //nolint:errcheck // nowhere to say it
}

func (p Printer) beat(name string, start time.Time, done <-chan struct{}) {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			p.Say("%-20s still at it after %s", name, seconds(start))
		}
	}
}

func seconds(since time.Time) string {
	return fmt.Sprintf("%.1f s", time.Since(since).Seconds())
}
