package cli

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/lab"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/toolchain"
)

func newUp(flags *shared) *cobra.Command {
	var wishes lab.Wishes
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start what is not running yet; the first time builds Kubernetes, which takes minutes",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runUp(cmd, flags, wishes) },
	}
	cmd.Flags().StringVar(&wishes.Nodes, "nodes", "", "real, simulated or both (default real for root on Linux, else simulated)")
	cmd.Flags().StringVar(&wishes.Source, "source", "", "the root of Skycap's sources (default: where this program was built)")
	cmd.Flags().StringVar(&wishes.Tools, "tools", os.Getenv("SKYCAP_LAB_TOOLS"), "use the cluster's programs in this folder, don't build them")
	return cmd
}

func runUp(cmd *cobra.Command, flags *shared, wishes lab.Wishes) error {
	if !slices.Contains([]string{"", state.Real, state.Simulated, state.Both}, wishes.Nodes) {
		return usageError{fmt.Errorf("--nodes %q: must be %q, %q or %q", wishes.Nodes, state.Real, state.Simulated, state.Both)}
	}
	l, err := flags.lab(cmd)
	if err != nil {
		return err
	}
	if wishes.Source, err = findSource(wishes.Source); err != nil {
		return err
	}
	settings, err := l.Up(cmd.Context(), wishes)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), welcome, settings.Registry(), l.Dir.Repository(), envCommand(flags))
	return err
}

func findSource(flag string) (string, error) {
	executable, err := os.Executable()
	if err != nil {
		return "", err
	}
	workDir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return toolchain.FindSource(flag, executable, workDir)
}

// envCommand is how this same lab is asked for its environment.
func envCommand(flags *shared) string {
	if flags.stateDir == "" {
		return "skycap-lab env"
	}
	return "skycap-lab env --state " + quote(flags.stateDir)
}

const welcome = `
The lab is up.

  registry    %s
  repository  %s

Next:

  eval "$(%s)"
  cd "$SKYCAP_LAB_REPO"
  hg log                        # each commit has its image, as a CI pipeline would leave it
  skycap deploy tip staging
  kubectl get pods -n storefront-staging

skycap-lab status says how it is, skycap-lab down stops it.
`
