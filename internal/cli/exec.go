package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

func (s *session) execCommand() *cobra.Command {
	var execution target.Execution
	command := &cobra.Command{
		Use: "exec <env> <service> [flags] -- <command>...", DisableFlagsInUseLine: true,
		Short: "Run a command in an instance of a service, or in all of them",
		Long: "Exec runs a command in the first instance that is ready, or in the one that is named. Stdin, stdout and\n" +
			"stderr are the command's, and so is the exit code. With --all it runs in each running instance, one after\n" +
			"the other: stdin is closed then, each line begins with the instance's name, and the exit code is the\n" +
			"first that isn't 0. No shell reads the command; to have one: -- sh -c '...'.",
		Example: "  skycap exec staging web -- sh\n  skycap exec production web --all -- cat /etc/storefront/greeting.txt",
		Args:    commandArguments("<env>", "<service>"),
		RunE: func(command *cobra.Command, args []string) error {
			if execution.All && execution.Instance != "" {
				return &usageError{"--all and --instance exclude each other"}
			}
			operator, err := s.operator()
			if err != nil {
				return err
			}
			execution.Command = args[2:]
			execution.Stdout, execution.Err = s.Out, s.Err
			if !execution.All {
				execution.Stdin, execution.Terminal = s.In, isTerminal(s.In) && isTerminal(s.Out)
			}
			s.code, err = operator.Exec(command.Context(), args[0], args[1], execution)
			return s.unlessInterrupted(err)
		},
	}
	flags := command.Flags()
	flags.BoolVar(&execution.All, "all", false, "in every running instance")
	flags.StringVar(&execution.Instance, "instance", "", "in this one, as status names it")
	return command
}

// unlessInterrupted ends a command that changes nothing by itself without a word
// when it was interrupted: what became of the program that it ran nobody knows here.
func (s *session) unlessInterrupted(err error) error {
	if errors.Is(err, context.Canceled) {
		s.code = skycap.ResultInterrupted.ExitCode()
		return nil
	}
	return err
}

// commandArguments demands named arguments, "--", and a command after it.
func commandArguments(names ...string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		dash := command.ArgsLenAtDash()
		before := args
		if dash >= 0 {
			before = args[:dash]
		}
		switch {
		case dash < 0 && len(args) > len(names):
			return &usageError{command.CommandPath() + " needs -- before " + quoted(args[len(names)])}
		case arguments(false, names...)(command, before) != nil:
			return arguments(false, names...)(command, before)
		case len(args) == len(names):
			return &usageError{command.CommandPath() + " needs a command after --"}
		}
		return nil
	}
}
