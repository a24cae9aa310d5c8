package cli

import (
	"bufio"
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
func (s *session) confirmed(project *settings.Project, environment, what string) error {
	confirm, err := s.confirmation(project, environment)
	if err != nil || confirm == nil {
		return err
	}
	return confirm(what)
}

// leftError says that a revision needs a yes, since it was rolled back from.
type leftError struct{ reason string }

func (e *leftError) Error() string { return e.reason }

// askAgain asks before what was rolled back from is deployed again.
func (s *session) askAgain(reason string) error {
	switch {
	case s.user.Yes:
		return nil
	case !isTerminal(s.In):
		return &leftError{reason}
	}
	return s.ask(reason)
}

func isTerminal(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }

// ask asks on the terminal. Anything but yes declines.
func (s *session) ask(plan string) error {
	if _, err := fmt.Fprintf(s.Err, "%s\ncontinue? [yes/NO] ", plan); err != nil {
		return err
	}
	answer, _ := bufio.NewReader(s.In).ReadString('\n')
	if word := strings.ToLower(strings.TrimSpace(answer)); word != "yes" && word != "y" {
		return errDeclined
	}
	return nil
}
