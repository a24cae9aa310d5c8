package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newDown(flags *shared) *cobra.Command {
	var purge bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop everything; the programs, the images and the example repository stay",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := flags.lab(cmd)
			if err != nil {
				return err
			}
			wasUp, err := l.Down(cmd.Context(), purge)
			if err != nil {
				return err
			}
			outcome := "The lab is down."
			if !wasUp {
				outcome = "The lab was not up."
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), outcome)
			return err
		},
	}
	cmd.Flags().BoolVar(&purge, "purge", false, "remove the state folder, with the programs, the images and your commits")
	return cmd
}
