package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/pkg/skycap"
)

func (s *session) configCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "config",
		Short: "Look at the configuration of a revision",
		Args:  cobra.NoArgs,
		RunE:  func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(s.renderCommand(), s.diffCommand())
	return command
}

func (s *session) renderCommand() *cobra.Command {
	var manifests bool
	command := &cobra.Command{
		Use:   "render <rev> <env> [service...]",
		Short: "Show the rendered files or, with --manifests, every object, secrets masked; touches nothing",
		Args:  arguments(true, "<rev>", "<env>"),
		RunE: func(command *cobra.Command, args []string) error {
			wanted := action.Wanted{Revision: args[0], Environment: args[1], Services: args[2:]}
			if manifests {
				return s.renderManifests(command, wanted)
			}
			return s.renderConfig(command, wanted)
		},
	}
	command.Flags().BoolVar(&manifests, "manifests", false, "every object, as it would be applied")
	return command
}

func (s *session) renderConfig(command *cobra.Command, wanted action.Wanted) error {
	operator, err := s.operator()
	if err != nil {
		return err
	}
	rendered, err := operator.RenderConfig(command.Context(), wanted)
	if err != nil {
		return err
	}
	return s.document(rendered, func() error { return report.Lines(s.Out, configLines(rendered)) })
}

func configLines(rendered skycap.Config) []string {
	var lines []string
	for _, service := range rendered.Services {
		for _, file := range service.Files {
			lines = append(lines, fmt.Sprintf("==> %s: %s", service.Service, file.Path))
			if len(file.Content) > 0 {
				lines = append(lines, fmt.Sprintf("(%d bytes that are not text)", len(file.Content)))
				continue
			}
			lines = append(lines, strings.Split(strings.TrimSuffix(file.Text, "\n"), "\n")...)
		}
		for _, file := range service.Secrets {
			lines = append(lines, fmt.Sprintf("==> %s: %s (a secret)", service.Service, file.Path))
			lines = append(lines, strings.Split(strings.TrimSuffix(file.Masked, "\n"), "\n")...)
		}
	}
	return lines
}

func (s *session) renderManifests(command *cobra.Command, wanted action.Wanted) error {
	operator, err := s.operator()
	if err != nil {
		return err
	}
	objects, err := operator.Manifests(command.Context(), wanted)
	if err != nil {
		return err
	}
	items := make([]any, len(objects))
	for i, object := range objects {
		items[i] = object.Masked().Object
	}
	list := map[string]any{"apiVersion": "v1", "kind": "List", "items": items}
	return s.document(list, func() error {
		for _, item := range items {
			text, err := yaml.Marshal(item)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(s.Out, "---\n%s", text); err != nil {
				return err
			}
		}
		return nil
	})
}
