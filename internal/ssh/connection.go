package ssh

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// sessionLimit ends an ssh that nobody has ended.
const sessionLimit = 24 * time.Hour

// handshakeDeadline is what ssh gets to log in and the remote shell to answer.
const handshakeDeadline = time.Minute

// wordsKept is how much is kept of what a host says before its shell answers, in bytes.
const wordsKept = 4 << 10

// connection is one ssh process.
type connection struct {
	session *Session
	path    path
	token   string
	limit   context.CancelFunc // ends ssh
	entered func()             // gives back the place at the first hop

	stdin          *os.File
	stdout, stderr *os.File
	done           chan struct{} // ssh has ended

	mu      sync.Mutex
	words   []byte   // what came before the shell's answer
	missing []string // programs
	proven  bool
	late    bool // it took longer than handshakeDeadline
}

// run starts ssh and serves the session until it has ended.
func (c *connection) run(parent context.Context) error {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	c.token, c.limit, c.done = rand.Text(), cancel, make(chan struct{})
	for _, log := range c.path.logs {
		_ = os.Remove(log.file) // of an earlier try
	}
	ends, err := c.pipes()
	if err != nil {
		return err
	}
	deadline := time.AfterFunc(handshakeDeadline, c.expire)
	defer deadline.Stop()

	var streams sync.WaitGroup
	streams.Go(c.write)
	streams.Go(func() { c.read(c.stdout, false) })
	streams.Go(func() { c.read(c.stderr, true) })
	err = c.session.client.Runner.Run(ctx, run.Command{
		Name: "ssh", Args: c.args(), Stdin: ends[0], Stdout: ends[1], Stderr: ends[2], Timeout: sessionLimit,
	})
	close(c.done)
	for _, end := range ends {
		_ = end.Close()
	}
	_ = c.stdin.Close()
	c.drain()
	streams.Wait()
	_, _ = c.stdout.Close(), c.stderr.Close()
	return c.explain(parent, err)
}

// drained is what the last output gets to arrive once ssh has ended: something
// that ssh left behind may hold the pipes.
const drained = time.Second

func (c *connection) drain() {
	_ = c.stdout.SetReadDeadline(time.Now().Add(drained))
	_ = c.stderr.SetReadDeadline(time.Now().Add(drained))
}

// pipes gives ssh's own ends. They are files, so that ssh has them itself and no
// goroutine copies.
func (c *connection) pipes() (ends [3]*os.File, err error) {
	var in, out, errs error
	ends[0], c.stdin, in = os.Pipe()
	c.stdout, ends[1], out = os.Pipe()
	c.stderr, ends[2], errs = os.Pipe()
	if err := errors.Join(in, out, errs); err != nil {
		for _, end := range []*os.File{ends[0], ends[1], ends[2], c.stdin, c.stdout, c.stderr} {
			_ = end.Close() // of nil is an error and nothing more
		}
		return ends, err
	}
	return ends, nil
}

func (c *connection) args() []string {
	args := append(c.path.args[:len(c.path.args):len(c.path.args)],
		"-T", "-o", "RemoteCommand=none", "-o", "RequestTTY=no", "-o", "ClearAllForwardings=yes")
	if c.session.host.User != "" {
		args = append(args, "-l", c.session.host.User)
	}
	return append(args, "--", c.session.host.destination(), bootstrap)
}

func (c *connection) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.proven {
		c.late = true
		c.limit()
	}
}

// read takes one of the two streams apart. Before the first trailer comes what
// login shells and banners say.
func (c *connection) read(from *os.File, stderr bool) {
	id := 0
	newTrailers(c.token, func(data []byte) {
		if id == 0 {
			c.say(data)
			return
		}
		c.session.output(id, data, stderr)
	}, func(fields []string) {
		number, _ := strconv.Atoi(fields[0])
		status := -1
		if !stderr && len(fields) > 1 {
			status, _ = strconv.Atoi(fields[1])
		}
		if number > 0 {
			c.session.trailer(number, status)
		} else if !stderr {
			c.prove(fields[2:])
		}
		id = number + 1
	}).read(from)
}

// say keeps what a host says before its shell answers.
func (c *connection) say(data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.words = append(c.words, data...)
	c.words = c.words[max(0, len(c.words)-wordsKept):]
}

// prove notes that the remote shell has answered, and what it lacks.
func (c *connection) prove(missing []string) {
	c.mu.Lock()
	c.missing, c.proven = missing, len(missing) == 0
	proven := c.proven
	c.mu.Unlock()
	if !proven {
		return
	}
	c.entered()
	c.session.mu.Lock()
	c.session.proven = true
	c.session.clock()
	c.session.mu.Unlock()
	c.session.client.debug(fmt.Sprintf("host %q: connected", c.session.host))
	c.warnOfNewKeys()
}

// warnOfNewKeys tells which keys ssh has accepted, where it may.
func (c *connection) warnOfNewKeys() {
	if !c.session.client.AcceptNewHostKeys {
		return
	}
	for _, log := range c.path.logs {
		text, _ := os.ReadFile(log.file) // ssh has one: it has connected
		if added.Match(text) {
			c.session.client.warn(fmt.Sprintf("host %q: accepted a new key, %s", c.session.host, match(shownKey, string(text), 2)))
		}
	}
}
