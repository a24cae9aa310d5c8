package cli

import (
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/pkg/skycap"
)

func (s *session) diffCommand() *cobra.Command {
	var against action.Against
	command := &cobra.Command{
		Use:   "diff <rev> <env> [service...]",
		Short: "Compare the rendered files with what runs now, another revision or another environment; touches nothing",
		Long: "Diff prints what differs in the rendered configuration as a unified diff. Of secrets it tells which keys\n" +
			"differ, and no value. Without flags it compares with what runs now in the environment.",
		Example: "  skycap config diff tip staging\n" +
			"  skycap config diff tip staging web --from v1.2\n" +
			"  skycap config diff tip production --from-env staging",
		Args: arguments(true, "<rev>", "<env>"),
		RunE: func(command *cobra.Command, args []string) error {
			operator, err := s.operator()
			if err != nil {
				return err
			}
			wanted := action.Wanted{Revision: args[0], Environment: args[1], Services: args[2:]}
			found, err := operator.DiffConfig(command.Context(), wanted, against)
			if err != nil {
				return err
			}
			return s.document(found, func() error { return s.printDiff(found) })
		},
	}
	command.Flags().StringVar(&against.Revision, "from", "", "the revision to compare with")
	command.Flags().StringVar(&against.Environment, "from-env", "", "the environment to compare with, at the same revision unless --from names another")
	return command
}

// printDiff prints a diff as it is, for programs that apply it, and on a terminal
// without what could control that.
func (s *session) printDiff(found skycap.ConfigDiff) error {
	var text strings.Builder
	for _, service := range found.Services {
		for _, file := range service.Files {
			text.WriteString(file.Diff)
		}
	}
	if text.Len() > 0 && report.Terminal(s.Out, os.Getenv) {
		return report.Lines(s.Out, strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n"))
	}
	_, err := io.WriteString(s.Out, text.String())
	return err
}
