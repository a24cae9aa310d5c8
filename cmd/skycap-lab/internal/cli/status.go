package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/lab"
)

func newStatus(flags *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Say how each component is; exit 1 when not all are up",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := flags.lab(cmd)
			if err != nil {
				return err
			}
			components, err := l.Status(cmd.Context())
			if err != nil {
				return err
			}
			return printStatus(cmd, components)
		},
	}
}

func printStatus(cmd *cobra.Command, components []lab.Health) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "COMPONENT\tSTATE\tPID\tADDRESS") //nolint:errcheck // Flush tells
	sick := false
	for _, c := range components {
		condition, pid := "healthy", fmt.Sprint(c.PID)
		if c.Err != nil {
			sick, condition = true, "unhealthy: "+c.Err.Error()
		}
		if c.PID == 0 {
			condition, pid = "down", "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Component, condition, pid, c.Address) //nolint:errcheck // Flush tells
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if sick {
		fmt.Fprintln(cmd.ErrOrStderr(), "skycap-lab: hint: skycap-lab up") //nolint:errcheck // nowhere to say it
		return quietError{}
	}
	return nil
}
