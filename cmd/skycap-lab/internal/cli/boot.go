package cli

import (
	"github.com/spf13/cobra"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/hosts"
)

// newBoot is the launcher of the hosts' machines.
func newBoot(flags *shared) *cobra.Command {
	var host, port string
	cmd := &cobra.Command{
		Use:    "boot -- program [argument...]",
		Short:  "Run the program that boots a host, with the host's files mounted",
		Args:   cobra.MinimumNArgs(1),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := flags.dir()
			if err != nil {
				return err
			}
			return hosts.Boot(cmd.Context(), dir, host, port, args)
		},
	}
	cmd.Flags().StringVar(&host, "host", "", "which one")
	cmd.Flags().StringVar(&port, "port", "", "the interface by which a former run of it was plugged into the bridge")
	return cmd
}
