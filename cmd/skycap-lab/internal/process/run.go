// Package process runs other programs: in the foreground with a deadline, and as
// daemons that outlive the lab's own program and are found again by what the
// process table says of them.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// Command is a program to run in the foreground.
type Command struct {
	Argv    []string
	Dir     string
	Env     []string // the whole environment; nil is that of this program
	Stdin   io.Reader
	Timeout time.Duration // one minute where it is zero
}

// Run runs the command and returns what it wrote to stdout. The error of a
// command that failed carries the end of what it wrote.
func (c Command) Run(ctx context.Context) ([]byte, error) {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = c.Dir, c.Env, c.Stdin
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if err == nil {
		return stdout.Bytes(), nil
	}
	if ctx.Err() != nil {
		err = ended(ctx, timeout)
	}
	return stdout.Bytes(), &RunError{Argv: c.Argv, Output: stderr.String() + stdout.String(), Err: err}
}

func ended(ctx context.Context, timeout time.Duration) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("not done after %s", timeout)
	}
	return context.Cause(ctx)
}

// RunError is a program that failed.
type RunError struct {
	Argv   []string
	Output string
	Err    error
}

func (e *RunError) Error() string {
	text := fmt.Sprintf("%q: %v", strings.Join(e.Argv, " "), e.Err)
	if end := Tail(e.Output, 8); end != "" {
		text += "\n" + end
	}
	return text
}

func (e *RunError) Unwrap() error { return e.Err }

// Tail returns the last n lines of a text, indented.
func Tail(text string, n int) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return "    " + strings.Join(lines, "\n    ")
}
