package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/pkg/skycap"
)

func (s *session) historyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "history <env> [service...]",
		Short: "Show the releases: number, when, who, revision, result",
		Args:  arguments(true, "<env>"),
		RunE: func(command *cobra.Command, args []string) error {
			operator, err := s.operator(false)
			if err != nil {
				return err
			}
			history, err := operator.History(command.Context(), args[0], args[1:])
			if err != nil {
				return err
			}
			return s.document(history, func() error { return s.printHistory(history) })
		},
	}
}

func (s *session) printHistory(history skycap.History) error {
	var rows [][]string
	for _, release := range history.Releases {
		result := string(release.Result)
		if result == "" {
			result = "unknown" // under way, or its command was killed
		}
		rows = append(rows, []string{
			number(release.Number), release.Time.Format(time.RFC3339), release.Who, short(release.Revision),
			result, strings.Join(release.Services, ","), release.Summary,
		})
	}
	return report.Table(s.Out, []string{"release", "time", "who", "revision", "result", "services", "summary"}, rows)
}
