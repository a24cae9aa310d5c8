package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/pipeline"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
)

func (s *session) initCommand() *cobra.Command {
	var kind string
	var shown bool
	command := &cobra.Command{
		Use:   "init --ci hook|github|gitlab",
		Short: "Write the file that has skycap build run for each commit",
		Long: "Init writes into the repository what runs skycap build --push for each commit: a hook of\n" +
			"Mercurial or Git, a workflow for GitHub, or .gitlab-ci.yml. No file that is there is overwritten: the hook of Mercurial is added to its hgrc.",
		Example: "  skycap init --ci hook\n  skycap init --ci gitlab --print",
		Args:    arguments(false),
		RunE: func(*cobra.Command, []string) error {
			if !slices.Contains(pipeline.Kinds(), kind) {
				return &usageError{fmt.Sprintf("skycap init needs --ci, one of %s; it is %q", strings.Join(pipeline.Kinds(), ", "), kind)}
			}
			root, file, err := s.pipelineFile(kind)
			if err != nil {
				return err
			}
			if shown {
				_, err = io.WriteString(s.Out, file.Content)
				return err
			}
			isNew, err := file.Write(root)
			if err != nil {
				return err
			}
			done := map[bool]string{true: "wrote", false: "nothing to do: there is already"}[isNew]
			return report.Lines(s.Out, []string{done + " " + filepath.Join(root, filepath.FromSlash(file.Path))})
		},
	}
	command.Flags().StringVar(&kind, "ci", "", "what runs the builds: "+strings.Join(pipeline.Kinds(), ", "))
	command.Flags().BoolVar(&shown, "print", false, "print the file, and write nothing")
	return command
}

// pipelineFile makes a pipeline's file for the repository that skycap.yaml lies in.
func (s *session) pipelineFile(kind string) (root string, made pipeline.File, err error) {
	file, err := s.settingsFile()
	if err != nil {
		return "", made, err
	}
	project, err := settings.Load(file)
	if err != nil {
		return "", made, err
	}
	root, repository, err := revision.Discover(filepath.Dir(file), project.Revision.Type)
	if err != nil {
		return "", made, err
	}
	made, err = pipeline.Make(kind, pipeline.Facts{
		Mercurial: repository == revision.Mercurial, Version: s.version, Registries: registriesOf(project),
	})
	return root, made, err
}

// registriesOf are the registries of an application's images, sorted.
func registriesOf(project *settings.Project) []string {
	var hosts []string
	for _, service := range project.Services {
		for _, repository := range service.Images {
			hosts = append(hosts, image.Host(repository))
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}
