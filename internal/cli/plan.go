package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/pkg/skycap"
)

func (s *session) planCommand() *cobra.Command {
	var options deployOptions
	command := &cobra.Command{
		Use:   "plan <rev> <env> [service...]",
		Short: "Show what a deploy would change; touches nothing",
		Args:  arguments(true, "<rev>", "<env>"),
		RunE:  func(command *cobra.Command, args []string) error { return s.plan(command, args, options) },
	}
	options.addTo(command)
	command.Flags().BoolVar(&options.exitCode, "exit-code", false, "exit with 7 if there is something to change")
	return command
}

func (s *session) plan(command *cobra.Command, args []string, options deployOptions) error {
	operator, err := s.operator()
	if err != nil {
		return err
	}
	choices, err := s.choices(command.Context(), options.changeOptions, operator.Project, "")
	if err != nil {
		return err
	}
	plan, err := options.action(operator, choices, args).Plan(command.Context())
	if err != nil {
		return err
	}
	if options.exitCode && len(plan.Changes) > 0 {
		s.code = skycap.ResultChanges.ExitCode()
	}
	return s.document(plan, func() error { return report.Lines(s.Out, planLines(plan)) })
}

func planLines(plan skycap.Plan) []string {
	if len(plan.Changes) == 0 {
		return append(slices.Clone(plan.Kept), fmt.Sprintf("no changes: %s is as revision %s wants it", plan.Environment, plan.Revision[:12]))
	}
	lines := slices.Clone(plan.Kept)
	for _, change := range plan.Changes {
		sign := map[string]string{"create": "+", "update": "~", "delete": "-", "run": ">"}[change.Action]
		lines = append(lines, fmt.Sprintf("%s %s %s %s", sign, change.Action, change.Kind, change.Name))
		for _, field := range change.Fields {
			lines = append(lines, fmt.Sprintf("    %s: %s → %s%s", field.Path, report.Value(field.Old), report.Value(field.New), ownerOf(field)))
		}
	}
	return lines
}

// ownerOf tells who else has set a field.
func ownerOf(field skycap.FieldChange) string {
	switch {
	case field.Conflict:
		return fmt.Sprintf("  (conflict: %q has set it; --conflicts take or leave)", field.Owner)
	case field.Owner != "":
		return fmt.Sprintf("  (drift: %q has set it)", field.Owner)
	}
	return ""
}
