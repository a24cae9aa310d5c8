package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/internal/target"
)

// tailLines is how many of its last lines each instance shows when nothing is said of that.
const tailLines = 100

func (s *session) logsCommand() *cobra.Command {
	options := target.LogOptions{}
	command := &cobra.Command{
		Use:   "logs <env> [service...]",
		Short: "Show what all instances write, each line with its service and instance",
		Long: "Logs shows the last lines of all instances, or with --since all of that time. With --follow it goes on,\n" +
			"and instances that come later are shown too. It ends with Ctrl-C then.",
		Example: "  skycap logs production web --since 10m\n  skycap logs staging -f",
		Args:    arguments(true, "<env>"),
		RunE: func(command *cobra.Command, args []string) error {
			switch {
			case options.Since < 0:
				return &usageError{"--since is " + quoted(options.Since.String()) + "; it must be above 0"}
			case !command.Flags().Changed("tail") && options.Since > 0:
				options.Tail = -1
			}
			operator, err := s.operator()
			if err != nil {
				return err
			}
			lines := report.NewLogs(s.Out, report.Color(s.user.Color, report.Terminal(s.Out, os.Getenv), os.Getenv))
			return s.unlessInterrupted(operator.Logs(command.Context(), args[0], args[1:], options, lines.Print))
		},
	}
	flags := command.Flags()
	flags.BoolVarP(&options.Follow, "follow", "f", false, "go on with what is written from now on")
	flags.DurationVar(&options.Since, "since", 0, "only lines that are not older, as in 10m")
	flags.IntVar(&options.Tail, "tail", tailLines, "the last lines of each instance; -1 for all, as with --since")
	return command
}
