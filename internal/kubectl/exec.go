package kubectl

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// sessionLife bounds how long a program in a container may run.
const sessionLife = 24 * time.Hour

// Session is a program to run in a container. What it reads and writes passes as it is.
type Session struct {
	Pod, Container string
	Command        []string
	Terminal       bool      // stdin is a terminal, which the program gets
	Stdin          io.Reader // nil means closed
	Stdout, Stderr io.Writer
}

// Exec runs a program in a container and returns its exit status, or kubectl's own
// where that failed: what went wrong it has said on stderr.
func (c Client) Exec(ctx context.Context, session Session) (status int, err error) {
	err = c.Runner.Run(ctx, c.exec(session))
	var exit *run.ExitError
	if errors.As(err, &exit) && exit.Code > 0 {
		return exit.Code, nil
	}
	return 0, err
}

func (c Client) exec(session Session) run.Command {
	args := []string{"exec", "--container=" + session.Container}
	if session.Stdin != nil {
		args = append(args, "--stdin")
	}
	if session.Terminal {
		args = append(args, "--tty")
	}
	args = append(args, session.Pod, "--")
	command := c.command(append(args, session.Command...)...)
	command.Stdin, command.Stdout, command.Stderr = session.Stdin, session.Stdout, session.Stderr
	command.Timeout, command.Foreground = sessionLife, session.Stdin != nil
	return command
}
