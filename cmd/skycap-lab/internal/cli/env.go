package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/cluster"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/hosts"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

func newEnv(flags *shared) *cobra.Command {
	var noisy bool
	cmd := &cobra.Command{
		Use:   "env",
		Short: `Print what a shell needs to use the lab: eval "$(skycap-lab env)"`,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := flags.lab(cmd)
			if err != nil {
				return err
			}
			settings, err := l.Running()
			if err != nil {
				return err
			}
			return printEnv(cmd.OutOrStdout(), variables(l.Dir, settings, noisy))
		},
	}
	cmd.Flags().BoolVar(&noisy, "noisy", false, "have kubectl complain of an aggregated API that is down, of throttling and of its credentials")
	return cmd
}

type variable struct{ name, value string }

// variables lead to the lab. The tests have both kubeconfigs; a shell has one.
func variables(dir state.Dir, s state.Settings, noisy bool) []variable {
	kubeconfig := dir.Kubeconfig()
	if noisy {
		kubeconfig = cluster.NoisyKubeconfig(dir)
	}
	all := []variable{
		{"KUBECONFIG", kubeconfig},
		{"SKYCAP_LAB_NOISY_KUBECONFIG", cluster.NoisyKubeconfig(dir)},
		{"SKYCAP_LAB_REGISTRY", s.Registry()},
		{"SKYCAP_LAB_REPO", dir.Repository()},
		{"SKYCAP_LAB_STATE", string(dir)},
		{"PATH", first(dir.Path("bin"), os.Getenv("PATH"))},
	}
	if s.Hosts > 0 { // skycap reads the second as its --ssh-config
		all = append(all, variable{"SKYCAP_LAB_SSH_CONFIG", hosts.Config(dir)}, variable{"SKYCAP_SSH_CONFIG", hosts.Config(dir)})
	}
	return all
}

// printEnv prints an assignment a line, plain enough for programs that are no
// shell, and one line that exports them all.
func printEnv(w io.Writer, variables []variable) error {
	var lines strings.Builder
	export := "export"
	for _, v := range variables {
		lines.WriteString(v.name + "=" + quote(v.value) + "\n")
		export += " " + v.name
	}
	_, err := fmt.Fprintln(w, lines.String()+export)
	return err
}

// first puts a folder before all others of a PATH, once.
func first(dir, path string) string {
	dirs := slices.DeleteFunc(filepath.SplitList(path), func(d string) bool { return d == dir })
	return strings.Join(append([]string{dir}, dirs...), string(filepath.ListSeparator))
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+,-]+$`)

// quote makes a value one word of a shell; a plain one stays as it is.
func quote(value string) string {
	if plain.MatchString(value) {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
