package cli

import (
	"github.com/spf13/cobra"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/node"
)

// newEnter is the launcher of what must not see the machine's /run and /var.
func newEnter(flags *shared) *cobra.Command {
	var join bool
	var folder string
	cmd := &cobra.Command{
		Use:    "enter -- program [argument...]",
		Short:  "Run a program in a mount namespace with a /run and a /var of its own",
		Args:   cobra.MinimumNArgs(1),
		Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := flags.dir()
			if err != nil {
				return err
			}
			return node.Enter(dir, dir.Path(folder), join, args)
		},
	}
	cmd.Flags().BoolVar(&join, "join", false, "enter the namespace that the node's containerd runs in")
	cmd.Flags().StringVar(&folder, "folder", "node", "where in the state folder the new /run and /var lie")
	return cmd
}
