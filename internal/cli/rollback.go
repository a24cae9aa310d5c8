package cli

import (
	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
)

func (s *session) rollbackCommand() *cobra.Command {
	var options changeOptions
	var to int
	command := &cobra.Command{
		Use:   "rollback <env> [service...]",
		Short: "Go back to the last good release, or to what ran after another",
		Long: "Rollback puts back the newest earlier release that was healthy and that nobody rolled back from,\n" +
			"exactly as it was: images, configuration and objects come from its record. Without services it\n" +
			"goes back with those that the last release changed. It needs skycap.yaml and the target, and\n" +
			"neither repository nor registry.\n\n" + exitCodes(),
		Example:     "  skycap rollback production\n  skycap rollback production web --to 41",
		Args:        arguments(true, "<env>"),
		Annotations: map[string]string{printsEvents: "yes"},
		RunE: func(command *cobra.Command, args []string) error {
			if command.Flags().Changed("to") && to < 1 {
				return &usageError{"--to takes the number of a release, from 1 on"}
			}
			operator, err := s.operator()
			if err != nil {
				return err
			}
			s.result.App, s.result.Environment = operator.Project.App, args[0]
			choices, err := s.choices(command.Context(), options, operator.Project, args[0])
			if err != nil {
				return err
			}
			rollback := &action.Rollback{Operator: operator, Choices: choices, Environment: args[0], Services: args[1:], To: to}
			s.result, err = rollback.Run(command.Context())
			return err
		},
	}
	command.Flags().IntVar(&to, "to", 0, "the release after which it ran, as skycap history numbers them")
	options.addConflicts(command)
	options.addLock(command)
	return command
}
