package cli

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/pkg/skycap"
)

func (s *session) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor [env]",
		Short: "Check whether this machine can deploy, to an environment or to each; touches nothing",
		Long: "Doctor checks this machine and then the environment, and says how to mend what isn't as it must be.\n\n" +
			"Exit codes: 0 all is well, but for warnings; 1 some check failed; 2 usage, or skycap.yaml has faults.",
		Args: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return arguments(false, "[env]")(command, args)
		},
		RunE: func(command *cobra.Command, args []string) error {
			operator, err := s.operator()
			if err != nil {
				return err
			}
			fix := func(err error) string { return strings.Join(s.explain(command, err).hints, "; ") }
			doctor := &action.Doctor{Operator: operator, Fix: fix, SSH: sshVersion(s.runner())}
			diagnosis, err := doctor.Run(command.Context(), strings.Join(args, ""))
			if err != nil {
				return err
			}
			for _, check := range diagnosis.Checks {
				if !check.OK && !check.Warning {
					s.code = skycap.ResultFailed.ExitCode()
				}
			}
			return s.document(diagnosis, func() error { return s.printDiagnosis(diagnosis) })
		},
	}
}

// sshVersion asks ssh for its version, which it tells on stderr.
func sshVersion(runner run.Runner) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		var said strings.Builder
		err := runner.Run(ctx, run.Command{Name: "ssh", Args: []string{"-V"}, Stderr: &said})
		return strings.TrimSpace(said.String()), err
	}
}

func (s *session) printDiagnosis(diagnosis skycap.Diagnosis) error {
	var rows [][]string
	var fixes []string
	for _, check := range diagnosis.Checks {
		state := map[bool]string{true: "warning", false: "FAILED"}[check.Warning]
		if check.OK {
			state = "ok"
		}
		about := strings.Trim(check.Service+" "+check.Instance, " ")
		rows = append(rows, []string{cmp.Or(check.Environment, "-"), check.Name, cmp.Or(about, "-"), state, check.Message})
		if !check.OK && check.Fix != "" {
			fixes = append(fixes, strings.TrimSpace(check.Environment+" "+check.Name)+": "+check.Fix)
		}
	}
	if err := report.Table(s.Out, []string{"environment", "check", "of", "state", "found"}, rows); err != nil {
		return err
	}
	return report.Lines(s.Out, fixes)
}
