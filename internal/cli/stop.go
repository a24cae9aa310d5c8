package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/pkg/skycap"
)

func (s *session) stopCommand() *cobra.Command {
	return s.operateCommand(&cobra.Command{
		Use:   "stop <env> [service...]",
		Short: "Stop services: no instance of them is left, until they are started",
		Long: "Stop scales a service's workloads to zero and suspends its cron jobs, or stops its units on hosts, and\n" +
			"waits until no instance is left. Deploys leave it stopped and say so. What has no number of replicas,\n" +
			"such as a DaemonSet, is refused before anything is changed; an autoscaler rests meanwhile.\n\n" + exitCodes(),
	}, (*action.Operator).Stop)
}

// operateCommand is a command that changes how services run, and not what they are.
func (s *session) operateCommand(
	command *cobra.Command, operate func(*action.Operator, context.Context, string, []string, action.Choices) (skycap.Result, error),
) *cobra.Command {
	var options changeOptions
	command.Args = arguments(true, "<env>")
	command.Annotations = map[string]string{printsEvents: "yes"}
	command.RunE = func(command *cobra.Command, args []string) error {
		operator, err := s.operator()
		if err != nil {
			return err
		}
		s.result.App, s.result.Environment = operator.Project.App, args[0]
		if err := s.confirmed(command.Context(), operator.Project, args[0], command.Name()+" "+operator.Project.App+" in "+args[0]); err != nil {
			return err
		}
		s.result, err = operate(operator, command.Context(), args[0], args[1:], action.Choices{Timeout: s.user.Timeout, LockWait: options.lockWait})
		return err
	}
	options.addLock(command)
	return command
}
