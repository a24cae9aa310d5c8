package ssh

import (
	"context"
	"io"
	"slices"
	"time"
)

// Pending is a step whose result is to come.
type Pending struct {
	session *Session
	kind    string // run, lock, unlock
	step    Step
	done    chan struct{}

	// Those below belong to the session's lock until done is closed.
	id      int // once it is sent
	timer   *time.Timer
	cause   error // why it was stopped
	stop    bool  // the host is to be told so
	result  Result
	fault   error // of its output
	trailed int   // how many of its two streams have ended
	err     error
}

// Wait waits for the result. Should ctx end before, the step is stopped, and
// Wait returns once it is, or once the session is over.
func (p *Pending) Wait(ctx context.Context) (Result, error) {
	select {
	case <-p.done:
	case <-ctx.Done():
		p.session.stop(p, ctx.Err())
		<-p.done
	}
	return p.result, p.err
}

// finish needs the session's lock.
func (p *Pending) finish(err error) {
	if p.timer != nil {
		p.timer.Stop()
	}
	p.err = err
	close(p.done)
}

// stop ends a step for a reason: it is never sent, or the host is told, or the
// session ends, where telling could hit a step behind it.
func (s *Session) stop(p *Pending, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.queue, p)
	if at < 0 || p.cause != nil {
		return
	}
	if at >= s.sent {
		s.queue = slices.Delete(s.queue, at, at+1)
		p.finish(cause)
		return
	}
	p.cause = cause
	if !s.proven || s.sent > 1 {
		s.cancel()
		return
	}
	p.stop = true
	p.timer.Reset(stopGrace)
	s.rouse()
}

// expired is what the timer of a step does.
func (s *Session) expired(p *Pending) {
	s.mu.Lock()
	stopped, cancel := p.cause != nil, s.cancel
	s.mu.Unlock()
	if stopped {
		cancel()
		return
	}
	s.stop(p, &TimeoutError{Host: s.host, Step: p.step.Name, After: p.step.timeout()})
}

// clock starts the time of the step that runs. The caller holds the lock.
func (s *Session) clock() {
	if s.proven && s.sent > 0 && s.queue[0].timer == nil {
		p := s.queue[0]
		p.timer = time.AfterFunc(p.step.timeout(), func() { s.expired(p) })
	}
}

// next is what to tell the host now: to stop its step, or the next step.
// While a step is being stopped nothing is sent, so that it alone is hit.
func (s *Session) next() (step *Pending, stop bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent > 0 && s.queue[0].cause != nil {
		stop, s.queue[0].stop = s.queue[0].stop, false
		return nil, stop
	}
	return s.take(), false
}

// following is the step to send in one go with the one before it.
func (s *Session) following() *Pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent > 0 && s.queue[0].cause != nil {
		return nil
	}
	return s.take()
}

// take is the first step that isn't sent yet, and counts as sent. The caller holds the lock.
func (s *Session) take() *Pending {
	if s.sent == len(s.queue) {
		return nil
	}
	step := s.queue[s.sent]
	s.sent++
	s.lastID++
	step.id = s.lastID
	s.clock()
	return step
}

// output takes what a step wrote.
func (s *Session) output(id int, data []byte, stderr bool) {
	if len(data) == 0 {
		return
	}
	s.mu.Lock()
	at := slices.IndexFunc(s.queue[:s.sent], func(p *Pending) bool { return p.id == id })
	if at < 0 {
		s.mu.Unlock()
		return // of a program that a step left behind
	}
	p := s.queue[at]
	s.mu.Unlock()

	to, kept := p.step.Output, &p.result.Stdout
	if stderr {
		to, kept = p.step.Errors, &p.result.Stderr
	}
	fault := keep(to, kept, data, &OutputError{Host: s.host, Step: p.step.Name})
	if fault != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if p.fault == nil {
			p.fault = fault
		}
	}
}

func keep(to io.Writer, kept *[]byte, data []byte, full error) error {
	if to != nil {
		_, err := to.Write(data)
		return err
	}
	room := OutputKept - len(*kept)
	*kept = append(*kept, data[:min(room, len(data))]...)
	if room < len(data) {
		return full
	}
	return nil
}

// trailer ends one of the two streams of a step, and with the second the step.
func (s *Session) trailer(id, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent == 0 || s.queue[0].id != id {
		// The other stream is behind: this step waits for those before it.
		for _, p := range s.queue[:s.sent] {
			if p.id == id {
				p.trail(status)
			}
		}
		return
	}
	s.queue[0].trail(status)
	for s.sent > 0 && s.queue[0].trailed == 2 {
		p := s.queue[0]
		s.queue = s.queue[1:]
		s.sent--
		if p.cause == nil {
			p.cause = p.fault
		}
		if p.kind == "unlock" || p.kind == "lock" && p.result.Status != 0 {
			s.holding = false
		}
		p.finish(p.cause)
	}
	s.clock()
	s.rouse()
}

// trail notes the end of a stream; stderr's has no status, which is then negative.
func (p *Pending) trail(status int) {
	p.trailed++
	if status >= 0 {
		p.result.Status, p.result.Signal = status, signalName(status)
	}
}
