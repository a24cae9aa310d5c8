package cli

import (
	"fmt"
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
			operator, err := s.operator()
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
		switch {
		case release.UnderWay:
			result = "under way"
		case result == "" && release.Ended.IsZero():
			result = "cut off" // its command was killed
		case result == "":
			result = "not waited for"
		}
		if release.LeftBy > 0 {
			result += fmt.Sprintf(", left by %d", release.LeftBy)
		}
		what := release.Summary
		if release.Of > 0 {
			what = fmt.Sprintf("rollback to %d: %s", release.Of, what)
		}
		rows = append(rows, []string{
			number(release.Number), release.Time.Format(time.RFC3339), release.Who, short(release.Revision),
			result, strings.Join(release.Services, ","), what,
		})
	}
	return report.Table(s.Out, []string{"release", "time", "who", "revision", "result", "services", "summary"}, rows)
}
