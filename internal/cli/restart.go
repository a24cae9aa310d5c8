package cli

import (
	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
)

func (s *session) restartCommand() *cobra.Command {
	var options changeOptions
	command := &cobra.Command{
		Use:   "restart <env> [service...]",
		Short: "Restart the release that is there, a few instances at a time",
		Args:  arguments(true, "<env>"),
		Long: "Restart replaces the instances of the release that runs, a few at a time, and waits until they are healthy.\n" +
			"It needs skycap.yaml and the target, and neither repository nor registry.\n\n" + exitCodes(),
		Annotations: map[string]string{printsEvents: "yes"},
		RunE: func(command *cobra.Command, args []string) error {
			operator, err := s.operator()
			if err != nil {
				return err
			}
			s.result.App, s.result.Environment = operator.Project.App, args[0]
			if err := s.confirmed(command.Context(), operator.Project, args[0], "restart "+operator.Project.App+" in "+args[0]); err != nil {
				return err
			}
			s.result, err = operator.Restart(command.Context(), args[0], args[1:], action.Choices{Timeout: s.user.Timeout, LockWait: options.lockWait})
			return err
		},
	}
	options.addLock(command)
	return command
}
