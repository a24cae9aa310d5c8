package kubectl

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/skycap/skycap/internal/noise"
	"github.com/skycap/skycap/internal/run"
)

// Passage is a kubectl that somebody typed. What it reads and writes passes as it
// is, but noise on stderr.
type Passage struct {
	Args     []string
	Stdin    io.Reader // nil means closed
	Terminal bool      // stdin is a terminal, which kubectl gets, with its signals
	Stdout   io.Writer
	Stderr   io.Writer
	Held     func(record []byte, rule *noise.Rule) // is told of each record that is held; may be nil
	Open     bool                                  // show noise
}

// Pass runs kubectl, pinned, with a user's arguments, and returns its exit status.
// Arguments that would unpin it are an [*UnpinError], and nothing is started.
func (c Client) Pass(ctx context.Context, passage Passage) (status int, err error) {
	words := c.words(passage.Args)
	if err := words.check(); err != nil {
		return 0, err
	}
	command := c.command(passage.Args...)
	command.Stdin, command.Stdout, command.Stderr = passage.Stdin, passage.Stdout, passage.Stderr
	command.Timeout, command.Foreground = sessionLife, passage.Terminal
	end := func(bool) error { return nil }
	if !words.speakForOthers() {
		filter := noise.New(noise.Options{
			Rules: c.Rules, Log: c.Noise, Out: passage.Stderr, Held: passage.Held, Open: passage.Open, Unknown: c.unknown,
		})
		command.Stdout, command.Stderr, end = filter.Beside(passage.Stdout), filter, filter.End
	}
	err = c.Runner.Run(ctx, command)
	written := end(err != nil)
	var exit *run.ExitError
	if errors.As(err, &exit) && exit.Code > 0 {
		return exit.Code, nil
	}
	return 0, errors.Join(err, written)
}

// speakForOthers reports whether stderr can be another program's, or belongs to a terminal.
func (w *words) speakForOthers() bool {
	leading := w.operands[:min(2, len(w.operands))] // the first may be the value of a flag before it
	isOf := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(leading, name) })
	}
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(w.flags, name) })
	}
	return isOf("logs", "log", "exec", "attach", "cp", "edit") || isOf("run", "debug") && has("i", "t", "stdin", "tty", "attach", "rm")
}
