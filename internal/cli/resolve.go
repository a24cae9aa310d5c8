package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/pkg/skycap"
)

func (s *session) resolveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "resolve <rev> [service...]",
		Short: "Show the revision, and the images that were built from it; touches nothing",
		Args:  arguments(true, "<rev>"),
		RunE: func(command *cobra.Command, args []string) error {
			operator, err := s.operator()
			if err != nil {
				return err
			}
			resolution, err := operator.Resolve(command.Context(), action.Wanted{Revision: args[0], Services: args[1:]})
			if err != nil {
				return err
			}
			return s.document(resolution, func() error { return s.printResolution(resolution) })
		},
	}
}

func (s *session) printResolution(resolution skycap.Resolution) error {
	err := report.Lines(s.Out, []string{
		"revision  " + resolution.Revision,
		fmt.Sprintf("author    %s, %s", resolution.Author, resolution.Date.Format(time.RFC3339)),
		"summary   " + resolution.Summary,
	})
	if err != nil || len(resolution.Images) == 0 {
		return err
	}
	var rows [][]string
	for _, image := range resolution.Images {
		rows = append(rows, []string{image.Service, image.Repository + ":" + image.Tag, image.Digest})
	}
	return report.Table(s.Out, []string{"service", "image", "digest"}, rows)
}
