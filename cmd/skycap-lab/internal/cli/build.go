package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/example"
)

// newBuild is the hook of the example repository: Mercurial runs it in the
// repository's root, with the new changeset in $HG_NODE.
func newBuild(flags *shared) *cobra.Command {
	return &cobra.Command{
		Use:    "build [changeset]",
		Short:  "Build and push the image of a changeset of the repository in the working directory",
		Args:   cobra.MaximumNArgs(1),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			start := time.Now()
			dir, err := flags.dir()
			if err != nil {
				return err
			}
			settings, err := dir.Load()
			if err != nil {
				return err
			}
			workDir, err := os.Getwd()
			if err != nil {
				return err
			}
			node := append(args, os.Getenv("HG_NODE"))[0]
			built, err := example.Builder{Dir: dir, Settings: settings, Repository: workDir}.Build(cmd.Context(), node)
			if err != nil {
				return fmt.Errorf("the commit is there, but it has no image: %w", err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s %s in %.1f s\n",
				built.How, built.Reference, built.Digest, time.Since(start).Seconds())
			return err
		},
	}
}
