// Package cli is the command line: one file a command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/lab"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/progress"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// Main runs the command line and returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	return explain(ctx, err, stderr)
}

// explain prints an error with its hint, and turns it into an exit code.
func explain(ctx context.Context, err error, stderr io.Writer) int {
	var failed quietError
	var usage usageError
	var hinted interface{ Hint() string }
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed):
		return exitFailed
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "skycap-lab: interrupted; to go on: skycap-lab up") //nolint:errcheck // nowhere to say it
		return exitInterrupted
	}
	fmt.Fprintf(stderr, "skycap-lab: error: %v\n", err) //nolint:errcheck // nowhere to say it
	if errors.As(err, &hinted) {
		fmt.Fprintf(stderr, "skycap-lab: hint: %s\n", hinted.Hint()) //nolint:errcheck // nowhere to say it
	} else if errors.Is(err, lab.ErrDown) {
		fmt.Fprintln(stderr, "skycap-lab: hint: skycap-lab up") //nolint:errcheck // nowhere to say it
	}
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// quietError is a failure that the command's own output has told already.
type quietError struct{}

func (quietError) Error() string { return "failed" }

// usageError is a command line that can't be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Hint names the help of the command.
func (usageError) Hint() string { return "skycap-lab --help" }

// shared is what each command starts from.
type shared struct{ stateDir string }

func newRoot() *cobra.Command {
	var flags shared
	root := &cobra.Command{
		Use:           "skycap-lab",
		Short:         "A production-like environment on this machine, to try Skycap in",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().StringVar(&flags.stateDir, "state", "",
		"the folder that everything lives in (default $SKYCAP_LAB_STATE, $XDG_STATE_HOME/skycap-lab or ~/.local/state/skycap-lab)")
	root.AddCommand(newUp(&flags), newDown(&flags), newStatus(&flags), newEnv(&flags),
		newRegistry(&flags), newNoisyAPIServer(&flags), newCredential(&flags), newEnter(&flags), newBoot(&flags), newSSHD(&flags), newBuild(&flags))
	return root
}

func (s *shared) dir() (state.Dir, error) {
	return state.Open(s.stateDir, os.Getenv)
}

func (s *shared) lab(cmd *cobra.Command) (lab.Lab, error) {
	dir, err := s.dir()
	return lab.Lab{Dir: dir, Progress: progress.New(cmd.ErrOrStderr())}, err
}
