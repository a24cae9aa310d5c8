package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v2"
	"golang.org/x/sync/errgroup"

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
	return s.document(rendered, func() error { return printConfig(s.Out, rendered) })
}

// printConfig prints file by file: a service may have thousands.
func printConfig(out io.Writer, rendered skycap.Config) error {
	buffered := bufio.NewWriter(out)
	for _, service := range rendered.Services {
		for _, file := range service.Files {
			lines := []string{fmt.Sprintf("(%d bytes that are not text)", len(file.Content))}
			if len(file.Content) == 0 {
				lines = strings.Split(strings.TrimSuffix(file.Text, "\n"), "\n")
			}
			title := fmt.Sprintf("==> %s: %s", service.Service, file.Path)
			_ = report.Lines(buffered, append([]string{title}, lines...)) // Flush tells
		}
		for _, file := range service.Secrets {
			title := fmt.Sprintf("==> %s: %s (a secret)", service.Service, file.Path)
			lines := strings.Split(strings.TrimSuffix(file.Masked, "\n"), "\n")
			_ = report.Lines(buffered, append([]string{title}, lines...))
		}
	}
	return buffered.Flush()
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
	return s.document(list, func() error { return printYAML(s.Out, items) })
}

// printYAML prints each value as a document that a line of dashes begins. Documents are
// made side by side: a service's objects may be many megabytes.
func printYAML(out io.Writer, values []any) error {
	documents := make([]bytes.Buffer, len(values))
	made := errgroup.Group{}
	for i, value := range values {
		made.Go(func() error {
			documents[i].WriteString("---\n")
			encoder := yaml.NewEncoder(&documents[i])
			return errors.Join(encoder.Encode(sorted(value)), encoder.Close())
		})
	}
	if err := made.Wait(); err != nil {
		return err
	}
	for i := range documents {
		if _, err := documents[i].WriteTo(out); err != nil {
			return err
		}
	}
	return nil
}

// sorted is a value with the keys of its maps in their order: the YAML library's own
// puts numbers within keys in theirs, and is another at each run where that contradicts itself.
func sorted(value any) any {
	switch value := value.(type) {
	case map[string]any:
		keys := make(yaml.MapSlice, 0, len(value))
		for _, key := range slices.Sorted(maps.Keys(value)) {
			keys = append(keys, yaml.MapItem{Key: key, Value: sorted(value[key])})
		}
		return keys
	case []any:
		items := make([]any, len(value))
		for i, item := range value {
			items[i] = sorted(item)
		}
		return items
	}
	return value
}
