package ssh

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// tries is how often a host that turns us away before authentication is asked.
const tries = 6

// firstPause is what is waited before the second try; each further pause is twice as long.
const firstPause = 500 * time.Millisecond

// connect serves the session with a connection. Only one that was turned away
// before it told who it is gets another try.
func (s *Session) connect(ctx context.Context) error {
	path, err := s.client.pathTo(ctx, s.host)
	if err != nil {
		return s.explainRoute(err)
	}
	hop := s.client.hopAt(path.firstHop)
	for try := 1; ; try++ {
		err := s.try(ctx, path, hop)
		var turned *turnedAwayError
		if !errors.As(err, &turned) {
			return err
		}
		if try == tries {
			return &UnreachableError{Host: s.host, Text: turned.text, Limit: turned.limit, Tries: try}
		}
		hop.shrink()
		s.client.debug(turned.Error())
		pause := firstPause << (try - 1)
		select {
		case <-time.After(pause/2 + rand.N(pause/2)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Session) try(ctx context.Context, path path, hop *hop) error {
	if err := hop.enter(ctx); err != nil {
		return err
	}
	left := false
	leave := func() {
		if !left {
			left = true
			hop.leave()
		}
	}
	s.mu.Lock()
	s.sent, s.lastID = 0, 0
	for _, p := range s.queue {
		p.id = 0
	}
	s.mu.Unlock()
	c := &connection{session: s, path: path, entered: leave}
	err := c.run(ctx)
	leave()
	return err
}
