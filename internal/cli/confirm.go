package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/skycap/skycap/internal/settings"
)

// unconfirmedError says that a protected environment needs a yes, and that
// nobody is there to be asked.
type unconfirmedError struct{ environment string }

func (e *unconfirmedError) Error() string {
	return fmt.Sprintf("environment %q is protected, and there is no terminal to ask on", e.environment)
}

// confirmed asks before a change, where its environment needs that.
func (s *session) confirmed(ctx context.Context, project *settings.Project, environment, what string) error {
	confirm, err := s.confirmation(ctx, project, environment)
	if err != nil || confirm == nil {
		return err
	}
	return confirm(what)
}

// leftError says that a revision needs a yes, since it was rolled back from.
type leftError struct{ reason string }

func (e *leftError) Error() string { return e.reason }

// askAgain asks before what was rolled back from is deployed again.
func (s *session) askAgain(ctx context.Context, reason string) error {
	switch {
	case s.user.Yes:
		return nil
	case !isTerminal(s.In):
		return &leftError{reason}
	}
	return s.ask(ctx, reason)
}

func isTerminal(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }

// ask asks on the terminal. Anything but yes declines.
func (s *session) ask(ctx context.Context, plan string) error {
	if _, err := fmt.Fprintf(s.Err, "%s\ncontinue? [yes/NO] ", plan); err != nil {
		return err
	}
	answers := make(chan string, 1)
	go func() {
		answer, _ := bufio.NewReader(s.In).ReadString('\n')
		answers <- answer
	}()
	var answer string
	select {
	case <-ctx.Done(): // the reader ends with the program
		return ctx.Err()
	case answer = <-answers:
	}
	if word := strings.ToLower(strings.TrimSpace(answer)); word != "yes" && word != "y" {
		return errDeclined
	}
	return nil
}
