package cli

import (
	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
)

func (s *session) restartCommand() *cobra.Command {
	return s.operateCommand(&cobra.Command{
		Use:   "restart <env> [service...]",
		Short: "Restart the release that is there, a few instances at a time",
		Long: "Restart replaces the instances of the release that runs, a few at a time, and waits until they are healthy.\n" +
			"It needs skycap.yaml and the target, and neither repository nor registry.\n\n" + exitCodes(),
	}, (*action.Operator).Restart)
}
