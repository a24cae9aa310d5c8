package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/builder"
)

func (s *session) buildCommand() *cobra.Command {
	var push bool
	var program string
	command := &cobra.Command{
		Use:   "build <rev> [service...]",
		Short: "Build the images of a revision, as a CI pipeline does for each commit",
		Long: "Build makes the images of services from the files of the revision, never from those of the\n" +
			"working copy, by the program for it that is there: " + strings.Join(builder.Names(), ", ") + ". They get the\n" +
			"revision's tag, and labels that name it and its repository. What is there already isn't built:\n" +
			"with --push in the registry, else on this machine. Credentials are the builder's own.\n\n" +
			"skycap.yaml says for each service which folder is the context, and where in it the Dockerfile\n" +
			"lies (services.<service>.build). Of several images of a service each is the stage of its name.\n\n" +
			"Exit codes: 0 all images are there; 1 failed, and nothing was pushed; 2 usage; 4 some images\n" +
			"were pushed, others not; 130 interrupted.",
		Example:     "  skycap build tip\n  skycap build 3f2c1a9b8d70 web --push\n  skycap init --ci hook    # for each commit",
		Args:        arguments(true, "<rev>"),
		Annotations: map[string]string{printsEvents: "yes"},
		RunE: func(command *cobra.Command, args []string) error {
			if program != "" && !slices.Contains(builder.Names(), program) {
				return &usageError{fmt.Sprintf("--builder is %q; it must be %s", program, strings.Join(builder.Names(), ", "))}
			}
			operator, err := s.operator()
			if err != nil {
				return err
			}
			s.result.App = operator.Project.App
			build := &action.Build{
				Operator: operator, Wanted: action.Wanted{Revision: args[0], Services: args[1:]},
				Push: push, Program: program, Within: s.user.Timeout,
			}
			s.result, err = build.Run(command.Context())
			return err
		},
	}
	command.Flags().BoolVar(&push, "push", false, "push the images to their registry")
	command.Flags().StringVar(&program, "builder", "", "the program that builds: "+strings.Join(builder.Names(), ", ")+"; the first that works when left out")
	return command
}
