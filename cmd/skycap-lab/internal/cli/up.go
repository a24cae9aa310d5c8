package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/hosts"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/lab"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/toolchain"
)

func newUp(flags *shared) *cobra.Command {
	var wishes lab.Wishes
	var count int
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start what is not running yet; the first time builds Kubernetes, which takes minutes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("hosts") {
				wishes.Hosts = &count
			}
			return runUp(cmd, flags, wishes)
		},
	}
	cmd.Flags().IntVar(&count, "hosts", 0, "how many classic hosts; fewer than there are removes the last ones (default what the lab has, none at first)")
	cmd.Flags().StringVar(&wishes.Nodes, "nodes", "", "real, simulated or both (default real for root on Linux, else simulated)")
	cmd.Flags().StringVar(&wishes.Source, "source", "", "the root of Skycap's sources (default: where this program was built)")
	cmd.Flags().StringVar(&wishes.Tools, "tools", os.Getenv("SKYCAP_LAB_TOOLS"), "use the cluster's programs in this folder, don't build them")
	return cmd
}

func runUp(cmd *cobra.Command, flags *shared, wishes lab.Wishes) error {
	if !slices.Contains([]string{"", state.Real, state.Simulated, state.Both}, wishes.Nodes) {
		return usageError{fmt.Errorf("--nodes %q: must be %q, %q or %q", wishes.Nodes, state.Real, state.Simulated, state.Both)}
	}
	if n := wishes.Hosts; n != nil && (*n < 0 || *n > hosts.Max) {
		return usageError{fmt.Errorf("--hosts %d: must be 0 to %d", *n, hosts.Max)}
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
	return welcome(cmd.OutOrStdout(), l.Dir, settings, envCommand(flags))
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

// welcome says what is there, and what to do next.
func welcome(w io.Writer, dir state.Dir, s state.Settings, env string) error {
	reach := ""
	if s.Hosts > 0 {
		reach = fmt.Sprintf("\n  hosts       %s: ssh -F %s %s", strings.Join(hosts.Names(s.Hosts), ", "), quote(hosts.Config(dir)), hosts.Name(1))
	}
	_, err := fmt.Fprintf(w, welcomeText, s.Registry(), dir.Repository(), reach, env)
	return err
}

const welcomeText = `
The lab is up.

  registry    %s
  repository  %s%s

Next:

  eval "$(%s)"
  cd "$SKYCAP_LAB_REPO"
  hg log                        # each commit has its image, as a CI pipeline would leave it
  skycap deploy tip staging
  kubectl get pods -n storefront-staging

skycap-lab status says how it is, skycap-lab down stops it.
`
