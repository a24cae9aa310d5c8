// Package ssh runs steps on hosts by the system's own ssh: its configuration,
// agents, keys and jump hosts are the user's.
//
// A [Session] is one ssh process with one remote shell, which is sent steps on
// its stdin and answers with their output and status: one login a host, one round
// trip a step, nothing in the host's process list. A step's result that doesn't
// arrive means that what it did is not known, and is an error of its own.
//
// The remote side ends with its client: a step that runs is stopped, and the
// lock is free, when the connection closes or when nothing was heard of the
// client for [Silence]. One exception: while a step leaves more than 64 KiB of
// its input unread, nobody listens to the client; so a step reads its input first.
package ssh

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// Silence is how long a host goes on without a sign of life from its client.
// Then its step is stopped and its lock is free.
const Silence = 30 * time.Second

// Client starts ssh. Its zero value but for the Runner is ready; it must not be
// changed or copied after the first Open.
type Client struct {
	Runner            run.Runner
	Config            string            // of ssh, instead of the user's own: ssh -F
	AcceptNewHostKeys bool              // of hosts that are not known yet; a changed key is refused always
	Debug             func(text string) // may be nil
	Warn              func(text string) // may be nil

	silence time.Duration // Silence when zero

	mu       sync.Mutex
	folder   string // private: ssh's own logs
	logs     int
	closed   bool
	sessions map[*Session]struct{}
	routes   map[Host]*lazyRoute
	hops     map[string]*hop
}

// Open begins a session and returns at once. What goes wrong with connecting is
// the error of the first step. The session ends with ctx, or by its Close.
func (c *Client) Open(ctx context.Context, host Host) *Session {
	session := newSession(c, host)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		session.end(ErrClosed)
		close(session.over)
		return session
	}
	if c.sessions == nil {
		c.sessions = map[*Session]struct{}{}
	}
	c.sessions[session] = struct{}{}
	go func() {
		session.live(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.sessions, session)
	}()
	return session
}

// Close ends all sessions and removes the private folder.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	open := make([]*Session, 0, len(c.sessions))
	for session := range c.sessions {
		open = append(open, session)
	}
	c.mu.Unlock()

	var closing sync.WaitGroup
	for _, session := range open {
		closing.Go(func() { _ = session.Close() })
	}
	closing.Wait()

	c.mu.Lock()
	defer c.mu.Unlock()
	if c.folder == "" {
		return nil
	}
	return os.RemoveAll(c.folder)
}

// newLog names a file for ssh's own log, in a folder that only we can read.
func (c *Client) newLog() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return "", ErrClosed
	}
	if c.folder == "" {
		folder, err := os.MkdirTemp("", "skycap-ssh-")
		if err != nil {
			return "", err
		}
		c.folder = folder
	}
	c.logs++
	return filepath.Join(c.folder, logName(c.logs)), nil
}

func (c *Client) debug(text string) {
	if c.Debug != nil {
		c.Debug(text)
	}
}

func (c *Client) warn(text string) {
	if c.Warn != nil {
		c.Warn(text)
	}
}

// tick is how often a sign of life is sent, and silence looked for.
func (c *Client) tick() time.Duration {
	if c.silence != 0 {
		return c.silence / silence
	}
	return Silence / silence
}
