package ssh

import (
	"context"
	"sync"
)

// startsAtOnce is how many connections to one first hop may be on their way to
// being authenticated: sshd refuses some beyond ten, by its MaxStartups.
const startsAtOnce = 8

// hop limits the starts through one first hop.
type hop struct {
	mu      sync.Mutex
	limit   int
	active  int
	waiting []chan struct{}
}

func (c *Client) hopAt(address string) *hop {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hops == nil {
		c.hops = map[string]*hop{}
	}
	if c.hops[address] == nil {
		c.hops[address] = &hop{limit: startsAtOnce}
	}
	return c.hops[address]
}

// enter waits for a place, which leave gives back.
func (h *hop) enter(ctx context.Context) error {
	h.mu.Lock()
	if h.active < h.limit {
		h.active++
		h.mu.Unlock()
		return nil
	}
	place := make(chan struct{})
	h.waiting = append(h.waiting, place)
	h.mu.Unlock()
	select {
	case <-place:
		return nil
	case <-ctx.Done():
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, other := range h.waiting {
		if other == place {
			h.waiting = append(h.waiting[:i], h.waiting[i+1:]...)
			return ctx.Err()
		}
	}
	h.active--
	h.next()
	return ctx.Err()
}

func (h *hop) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.active--
	h.next()
}

// next lets in whoever has a place. The caller holds the lock.
func (h *hop) next() {
	for h.active < h.limit && len(h.waiting) > 0 {
		h.active++
		close(h.waiting[0])
		h.waiting = h.waiting[1:]
	}
}

// shrink halves the limit, since the hop has turned one away.
func (h *hop) shrink() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.limit = max(1, h.limit/2)
}
