package cli

import (
	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
)

func (s *session) startCommand() *cobra.Command {
	return s.operateCommand(&cobra.Command{
		Use:   "start <env> [service...]",
		Short: "Start what was stopped, with as many instances as there were",
		Long: "Start brings back what skycap stop has stopped, and waits until it is healthy. What runs stays as it is.\n" +
			"It needs skycap.yaml and the targets, and neither repository nor registry.\n\n" + exitCodes(),
	}, (*action.Operator).Start)
}
