package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/report"
)

func (s *session) lockCommand() *cobra.Command {
	var why string
	command := &cobra.Command{
		Use:   "lock <env> -m <why>",
		Short: "Freeze an environment: nobody deploys into it until it is unlocked",
		Long: "Lock freezes an environment. Deploys are refused with the message; restarts and rollbacks pass,\n" +
			"and so does deploy --override, which is recorded.",
		Example: `  skycap lock production -m "database upgrade until 14:00"`,
		Args:    arguments(false, "<env>"),
		RunE: func(command *cobra.Command, args []string) error {
			if why == "" {
				return &usageError{"skycap lock needs -m: others are told why"}
			}
			operator, err := s.operator()
			if err != nil {
				return err
			}
			if err := s.confirmed(command.Context(), operator.Project, args[0], "freeze "+args[0]); err != nil {
				return err
			}
			if err := operator.Freeze(command.Context(), args[0], why); err != nil {
				return err
			}
			return report.Lines(s.Out, []string{fmt.Sprintf("%s is frozen: %s", args[0], why)})
		},
	}
	command.Flags().StringVarP(&why, "message", "m", "", "why, for those who are refused")
	return command
}

func (s *session) unlockCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "unlock <env>",
		Short: "End the freeze of an environment",
		Long:  "Unlock ends a freeze. It takes no lock from a deploy that is under way: that frees itself.",
		Args:  arguments(false, "<env>"),
		RunE: func(command *cobra.Command, args []string) error {
			operator, err := s.operator()
			if err != nil {
				return err
			}
			if err := s.confirmed(command.Context(), operator.Project, args[0], "end the freeze of "+args[0]); err != nil {
				return err
			}
			frozen, err := operator.Unfreeze(command.Context(), args[0])
			if err != nil {
				return err
			}
			text := fmt.Sprintf("%s was not frozen", args[0])
			if frozen != nil {
				text = fmt.Sprintf("%s is not frozen any more; %s froze it at %s: %s",
					args[0], frozen.Who, frozen.Since.UTC().Format(time.RFC3339), frozen.Why)
			}
			return report.Lines(s.Out, []string{text})
		},
	}
}
