package cli

import (
	"github.com/spf13/cobra"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/cluster"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/noisy"
)

// newNoisyAPIServer is the daemon before the API server.
func newNoisyAPIServer(flags *shared) *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:    noisy.Component,
		Short:  "Run a proxy that shows the cluster as a badly run one",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := flags.dir()
			if err != nil {
				return err
			}
			return noisy.Serve(cmd.Context(), dir, listen)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:6443", "the address")
	return cmd
}

// newCredential is the credential plugin of the noisy kubeconfig.
func newCredential(flags *shared) *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use:    noisy.CredentialCommand,
		Short:  "Print a user's credentials for kubectl, and much else on stderr",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := flags.dir()
			if err != nil {
				return err
			}
			token, err := cluster.Token(dir, user)
			if err != nil {
				return err
			}
			return noisy.Credential(cmd.OutOrStdout(), cmd.ErrOrStderr(), token)
		},
	}
	cmd.Flags().StringVar(&user, "user", "admin", "who")
	return cmd
}
