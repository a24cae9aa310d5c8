package run

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"
)

// grace is what a program gets between being asked to end and being killed.
const grace = 2 * time.Second

// stderrKept is how much of a failed program's stderr an ExitError carries, in bytes.
const stderrKept = 16 << 10

// Local runs programs on this machine. No program outlives the context, its
// deadline or, on Linux, skycap itself. Started is told each command, when set.
type Local struct {
	Started func(Command)
}

// Run implements [Runner].
func (l Local) Run(ctx context.Context, command Command) error {
	path, err := Find(command.Name)
	if err != nil {
		return err
	}
	timeout := command.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	var kept tail
	program := exec.CommandContext(limited, path, command.Args...)
	program.Env = command.environment(os.Environ())
	program.Dir = command.Dir
	program.Stdin, program.Stdout, program.Stderr = command.Stdin, command.Stdout, command.Stderr
	if program.Stderr == nil {
		program.Stderr = &kept
	}
	program.WaitDelay = grace
	tether(program, command.Foreground)
	if l.Started != nil {
		l.Started(command)
	}
	err = program.Run()
	if !command.Foreground {
		sweep(program)
	}
	return explain(ctx, limited, command, timeout, err, kept.String())
}

// Find is the path of a program on PATH, or a [*NotFoundError].
func Find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return "", &NotFoundError{Name: name}
	}
	return path, err
}

func explain(ctx, limited context.Context, command Command, timeout time.Duration, err error, stderr string) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return &TimeoutError{Command: command, After: timeout}
	case errors.As(err, &exit):
		return &ExitError{Command: command, Code: exit.ExitCode(), Stderr: strings.TrimSpace(stderr)}
	default:
		return err
	}
}

// tail keeps the last stderrKept bytes that were written to it.
type tail struct{ data []byte }

func (t *tail) Write(data []byte) (int, error) {
	t.data = append(t.data, data...)
	if extra := len(t.data) - stderrKept; extra > 0 {
		t.data = t.data[extra:]
	}
	return len(data), nil
}

func (t *tail) String() string { return string(t.data) }
