package ssh

import (
	"cmp"
	"fmt"
	"time"
)

// chunk is how much data the host is told to expect at once, in bytes. Between two
// chunks it can be told other things, and hears that the client lives: the slowest
// line that will do carries one in [Silence]. Each costs the host a few processes.
const chunk = 256 << 10

// write sends the driver, then steps as they come, and a sign of life when there are none.
func (c *connection) write() {
	defer func() { _ = c.stdin.Close() }() // the remote shell ends by that
	tick := c.session.client.tick()
	if !c.put(driverLine(c.token, tick)) {
		return
	}
	alive := time.NewTicker(tick)
	defer alive.Stop()
	for !c.session.isClosing() {
		step, stop := c.session.next()
		switch {
		case stop:
			if !c.put([]byte("k\n")) {
				return
			}
		case step != nil:
			if !c.putSteps(step) {
				return
			}
		default:
			select {
			case <-c.session.wake:
			case <-c.done:
				return
			case <-alive.C:
				if !c.put([]byte("h\n")) {
					return
				}
			}
		}
	}
}

func (s *Session) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// putSteps sends a step and those that wait behind it: each its line, its script, its
// input. What is small goes in one piece.
func (c *connection) putSteps(step *Pending) bool {
	var small []byte
	for ; step != nil; step = c.session.following() {
		head, input := step.encoded()
		small = append(small, head...)
		if len(small)+len(input) <= chunk {
			small, input = append(small, input...), nil
		}
		if input == nil {
			continue
		}
		if !c.putData(small) || !c.putData(input) {
			return false
		}
		small = nil
	}
	return c.putData(small)
}

// encoded is what the host is sent: the step's line and script, and its input.
func (p *Pending) encoded() (head, input []byte) {
	var text []byte
	switch p.kind {
	case "run":
		text = p.step.packed()
	case "lock":
		text = []byte(p.step.Args[0])
	}
	user := cmp.Or(p.step.User, "-")
	head = fmt.Appendf(nil, "%s %d %d %d %s\n", p.kind, p.id, len(text)+len(p.step.Input), len(text), user)
	return append(head, text...), p.step.Input
}

func (c *connection) putData(data []byte) bool {
	for len(data) > 0 {
		now := data[:min(chunk, len(data))]
		data = data[len(now):]
		line := fmt.Appendf(nil, "d %d\n", len(now))
		if len(now) < chunk/16 { // one write, and one packet
			line, now = append(line, now...), nil
		}
		if !c.put(line) || len(now) > 0 && !c.put(now) {
			return false
		}
	}
	return true
}

func (c *connection) put(data []byte) bool {
	_, err := c.stdin.Write(data)
	return err == nil
}
