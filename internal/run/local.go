package run

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// grace is what a program gets between being asked to end and being killed.
const grace = 2 * time.Second

// stderrKept is how much of a failed program's stderr an ExitError carries, in bytes.
const stderrKept = 16 << 10

// Local runs programs on this machine. No program outlives the context, its
// deadline or skycap itself; of one in the foreground, what it has started may.
type Local struct {
	Started func(Command) // is told each command; may be nil
	Guard   *Guard        // without one, what programs have started may outlive a skycap that is killed
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
	if !command.Foreground {
		l.Guard.stand()
	}
	if err = program.Start(); err == nil {
		err = l.wait(program, command.Foreground)
	}
	return explain(ctx, limited, command, timeout, err, kept.String())
}

// wait waits for the end of a program and of its group.
func (l Local) wait(program *exec.Cmd, foreground bool) error {
	if !foreground {
		l.Guard.begins(program)
		defer l.Guard.ends(program)
		defer sweep(program)
	}
	err := program.Wait()
	if errors.Is(err, exec.ErrWaitDelay) && program.ProcessState.Success() {
		return nil // it went well, and left something behind that holds its stderr
	}
	return err
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
		failed := &ExitError{Command: command, Code: exit.ExitCode(), Stderr: strings.TrimSpace(stderr)}
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			failed.Code, failed.Signal = 128+int(status.Signal()), status.Signal().String()
		}
		return failed
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
