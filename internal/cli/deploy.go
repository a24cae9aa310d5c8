package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/settings"
)

// deployOptions are the flags that deploy and plan share.
type deployOptions struct {
	waitImage time.Duration
	adopt     bool
	noWait    bool
	dryRun    bool
	exitCode  bool
}

func (s *session) deployCommand() *cobra.Command {
	var options deployOptions
	command := &cobra.Command{
		Use:   "deploy <rev> <env> [service...]",
		Short: "Put a revision into an environment and wait until it is healthy",
		Long: "Deploy resolves the revision, finds the images that were tagged with it, renders the\n" +
			"configuration that it has for the environment, and checks all of that with the cluster.\n" +
			"Only then it applies what differs, and waits until it is healthy.\n\n" + exitCodes(),
		Example: "  skycap deploy tip staging\n  skycap deploy 3f2c1a9b8d70 production web --timeout 5m",
		Args:    arguments(true, "<rev>", "<env>"),
		RunE: func(command *cobra.Command, args []string) error {
			if options.dryRun {
				return s.plan(command, args, options)
			}
			return s.deploy(command, args, options)
		},
		Annotations: map[string]string{printsEvents: "yes"},
	}
	options.addTo(command)
	command.Flags().BoolVar(&options.noWait, "no-wait", false, "leave once it is applied, without seeing it healthy")
	command.Flags().BoolVar(&options.dryRun, "dry-run", false, "show what would change, as skycap plan does")
	return command
}

func (o *deployOptions) addTo(command *cobra.Command) {
	command.Flags().DurationVar(&o.waitImage, "wait-image", 0, "how long an image may still be on its way, as in 10m")
	command.Flags().BoolVar(&o.adopt, "adopt", false, "take over objects that kubectl or helm applied")
}

func (o *deployOptions) action(operator *action.Operator, args []string) *action.Deploy {
	return &action.Deploy{
		Operator: operator,
		Wanted: action.Wanted{
			Revision: args[0], Environment: args[1], Services: args[2:], WaitImage: o.waitImage,
		},
	}
}

func (s *session) deploy(command *cobra.Command, args []string, options deployOptions) error {
	operator, err := s.operator(options.adopt)
	if err != nil {
		return err
	}
	deploy := options.action(operator, args)
	s.result.App, s.result.Environment = operator.Project.App, deploy.Environment
	deploy.Timeout, deploy.NoWait = s.user.Timeout, options.noWait
	if deploy.Confirm, err = s.confirmation(operator.Project, deploy.Environment); err != nil {
		return err
	}
	s.result, err = deploy.Run(command.Context())
	return err
}

// confirmation is how the user confirms changes of an environment; nil where
// that isn't needed.
func (s *session) confirmation(project *settings.Project, name string) (func(string) error, error) {
	environment, err := project.Environment(name)
	if err != nil || !environment.Protected || s.user.Yes {
		return nil, err
	}
	if !isTerminal(s.In) {
		return nil, &unconfirmedError{name}
	}
	return s.ask, nil
}
