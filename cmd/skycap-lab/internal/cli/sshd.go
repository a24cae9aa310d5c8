package cli

import (
	"github.com/spf13/cobra"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/hosts"
)

// newSSHD is the daemon of a host without a machine.
func newSSHD(flags *shared) *cobra.Command {
	var host, listen string
	cmd := &cobra.Command{
		Use:    "sshd",
		Short:  "Run an SSH server as this user",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := flags.dir()
			if err != nil {
				return err
			}
			return hosts.Serve(cmd.Context(), dir, host, listen)
		},
	}
	cmd.Flags().StringVar(&host, "host", "", "which one")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:2222", "the address")
	return cmd
}
