package cli

import (
	"github.com/spf13/cobra"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/registry"
)

// newRegistry is the registry's daemon.
func newRegistry(flags *shared) *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:    "registry",
		Short:  "Run the image registry",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := flags.dir()
			if err != nil {
				return err
			}
			return registry.Serve(cmd.Context(), dir, listen)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:5000", "the address")
	return cmd
}
