package cli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/pkg/skycap"
)

func (s *session) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status [env] [service...]",
		Short: "Show what runs where, as the targets have it",
		Args:  cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, args []string) error {
			operator, err := s.operator()
			if err != nil {
				return err
			}
			environment, services := "", args
			if len(args) > 0 {
				environment, services = args[0], args[1:]
			}
			status, err := operator.Status(command.Context(), environment, services)
			if err != nil {
				return err
			}
			return s.document(status, func() error { return s.printStatus(status) })
		},
	}
}

func (s *session) printStatus(status skycap.Status) error {
	header := []string{"environment", "service", "state", "release", "revision", "instance", "ready", "restarts", "since", "image"}
	var rows [][]string
	for _, service := range status.Services {
		row := []string{service.Environment, service.Service, string(service.State), number(service.Release)}
		for _, instance := range service.Instances {
			ready := map[bool]string{true: "yes", false: "no"}[instance.Ready]
			rows = append(rows, append(row, short(instance.Revision), instance.Name, ready, strconv.Itoa(instance.Restarts),
				since(instance.Since), instance.Image))
			row = []string{"", "", "", ""}
		}
		if len(service.Instances) == 0 {
			rows = append(rows, append(row, short(service.Revision)))
		}
	}
	if err := report.Table(s.Out, header, rows); err != nil {
		return err
	}
	var notes []string
	for _, service := range status.Services {
		if service.Message != "" && service.State != skycap.StateAbsent {
			notes = append(notes, fmt.Sprintf("%s in %s: %s", service.Service, service.Environment, service.Message))
		}
	}
	for _, service := range status.Services {
		for _, drift := range service.Drift {
			note := fmt.Sprintf("%s in %s: drift: %q has set %s of %s %q to %s", service.Service, service.Environment,
				drift.Owner, drift.Path, drift.Kind, drift.Name, report.Value(drift.Value))
			if !drift.Since.IsZero() {
				note += " at " + drift.Since.Format(time.RFC3339)
			}
			notes = append(notes, note)
		}
	}
	return report.Lines(s.Out, notes)
}

// since is when an instance started, as far as that is known.
func since(started time.Time) string {
	if started.IsZero() {
		return "-"
	}
	return started.Format(time.RFC3339)
}

func number(release int) string {
	if release == 0 {
		return "-"
	}
	return strconv.Itoa(release)
}

func short(revision string) string {
	if revision == "" {
		return "-"
	}
	return revision[:min(12, len(revision))]
}
