package ssh

import (
	"context"
	"errors"
	"sync"
	"time"
)

// stopGrace is what a step that is stopped gets to end; then the session goes.
const stopGrace = 10 * time.Second

// closeGrace is what the remote shell gets to end when its session is closed.
const closeGrace = 5 * time.Second

// Session is one login on one host: its steps run one after another.
type Session struct {
	client *Client
	host   Host
	wake   chan struct{} // the writer has something to do
	over   chan struct{} // nothing goes on any more

	mu      sync.Mutex
	queue   []*Pending // those without a result, in their order
	sent    int        // how many of them are with the host
	lastID  int
	proven  bool // the remote shell has answered
	holding bool // it holds a lock, or may
	closing bool
	ended   bool
	err     error  // of what is sent once it has ended
	cancel  func() // ends ssh
}

func newSession(client *Client, host Host) *Session {
	return &Session{client: client, host: host, wake: make(chan struct{}, 1), over: make(chan struct{}), cancel: func() {}}
}

// Host is where the session is.
func (s *Session) Host() Host { return s.host }

// Alive tells whether steps may still run: it is false once the connection is known to be lost.
func (s *Session) Alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.ended && !s.closing
}

// Run sends a step and waits for its result.
func (s *Session) Run(ctx context.Context, step Step) (Result, error) {
	return s.Send(step).Wait(ctx)
}

// Send queues a step, also before the session is connected. Steps that are sent
// in a row cost one round trip together, but can't be stopped one by one: a
// timeout or a canceled Wait of one with others behind it ends the session.
func (s *Session) Send(step Step) *Pending {
	return s.enqueue("run", step, step.check())
}

// Lock has the remote shell itself open a file, which is made if need be, and
// hold a lock on it until Unlock or its own end. The status is 0, [Locked] when
// another has it, or 74 when the file can't be locked, with the reason on Stderr.
// To steps that run as the login user, SKYCAP_LOCKED is not empty while it is held.
func (s *Session) Lock(path string) *Pending {
	step := Step{Name: "lock", Args: []string{path}}
	return s.enqueue("lock", step, step.check())
}

// Unlock gives the lock back.
func (s *Session) Unlock() *Pending {
	return s.enqueue("unlock", Step{Name: "unlock"}, nil)
}

func (s *Session) enqueue(kind string, step Step, fault error) *Pending {
	pending := &Pending{session: s, kind: kind, step: step, done: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case fault != nil:
		pending.finish(fault)
	case s.ended:
		pending.finish(s.err)
	case s.closing:
		pending.finish(ErrClosed)
	default:
		s.queue = append(s.queue, pending)
		s.holding = s.holding || kind == "lock"
		s.rouse()
	}
	return pending
}

// Close ends the remote shell, and a step that runs, and waits briefly for that. A
// shell that has nothing to end is not waited for: that would be a round trip.
func (s *Session) Close() error {
	s.mu.Lock()
	s.closing = true
	cancel := s.cancel
	if !s.proven || len(s.queue) == 0 && !s.holding {
		cancel()
	}
	s.mu.Unlock()
	s.rouse()
	select {
	case <-s.over:
	case <-time.After(closeGrace):
		cancel()
		<-s.over
	}
	return nil
}

// live connects, and returns when the session is over.
func (s *Session) live(parent context.Context) {
	defer close(s.over)
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	s.mu.Lock()
	s.cancel = cancel
	if s.closing {
		cancel()
	}
	s.mu.Unlock()
	err := s.host.Check()
	if err == nil {
		err = s.connect(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case parent.Err() != nil:
		err = parent.Err()
	case s.closing:
		err = ErrClosed
	}
	s.end(err)
}

// end gives every step its error: what was with the host may have been done.
// The caller holds the lock.
func (s *Session) end(err error) {
	var lost *lostError
	isLost := errors.As(err, &lost)
	s.ended, s.err = true, err
	if isLost {
		s.err = &UnreachableError{Host: s.host, Text: lost.text, Lost: true}
	}
	for i, pending := range s.queue {
		switch {
		case pending.cause != nil:
			pending.finish(pending.cause)
		case isLost && i < s.sent:
			pending.finish(&UnknownError{Host: s.host, Step: pending.step.Name, Text: lost.text})
		default:
			pending.finish(s.err)
		}
	}
	s.queue, s.sent = nil, 0
}

// rouse wakes the writer.
func (s *Session) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
