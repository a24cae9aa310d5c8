package cli

import "github.com/spf13/cobra"

func (s *session) attachCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "attach <env>",
		Short: "Watch the rollout that is under way, whoever began it",
		Long: "Attach watches the services of the newest release until they are healthy or known to be broken.\n" +
			"Where the command that began it is gone, it writes down how it ended.\n\n" + exitCodes(),
		Args:        arguments(false, "<env>"),
		Annotations: map[string]string{printsEvents: "yes"},
		RunE: func(command *cobra.Command, args []string) error {
			operator, err := s.operator()
			if err != nil {
				return err
			}
			s.result.App, s.result.Environment = operator.Project.App, args[0]
			s.result, err = operator.Attach(command.Context(), args[0], s.user.Timeout)
			return err
		},
	}
}
