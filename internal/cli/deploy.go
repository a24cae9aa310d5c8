package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/target"
)

// deployOptions are the flags that deploy and plan share.
type deployOptions struct {
	waitImage time.Duration
	noWait    bool
	dryRun    bool
	exitCode  bool
	changeOptions
}

// changeOptions are the flags of all commands that make a release.
type changeOptions struct {
	adopt     bool
	conflicts string
	lockWait  time.Duration
	onFailure string
	override  string
}

func (s *session) deployCommand() *cobra.Command {
	var options deployOptions
	command := &cobra.Command{
		Use:   "deploy <rev> <env> [service...]",
		Short: "Put a revision into an environment and wait until it is healthy",
		Long: "Deploy resolves the revision, finds the images that were tagged with it, renders the\n" +
			"configuration that it has for the environment, and checks all of that with the target.\n" +
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
	options.addFailure(command)
	command.Flags().BoolVar(&options.noWait, "no-wait", false, "leave once it is applied, without seeing it healthy")
	command.Flags().BoolVar(&options.dryRun, "dry-run", false, "show what would change, as skycap plan does")
	return command
}

func (o *deployOptions) addTo(command *cobra.Command) {
	command.Flags().DurationVar(&o.waitImage, "wait-image", 0, "how long an image may still be on its way, as in 10m")
	o.addConflicts(command)
}

func (o *changeOptions) addConflicts(command *cobra.Command) {
	command.Flags().BoolVar(&o.adopt, "adopt", false, "take over objects that kubectl or helm applied")
	command.Flags().StringVar(&o.conflicts, "conflicts", string(target.Refuse),
		"what becomes of fields that somebody else has set since: refuse, take or leave them")
}

func (o *changeOptions) addLock(command *cobra.Command) {
	command.Flags().DurationVar(&o.lockWait, "lock-wait", 0, "how long to wait for somebody else's deploy to end, as in 5m")
}

func (o *changeOptions) addFailure(command *cobra.Command) {
	o.addLock(command)
	command.Flags().StringVar(&o.onFailure, "on-failure", "",
		"hold: stop and keep the evidence; rollback: put the former release back (default: on_failure in skycap.yaml, or hold)")
	command.Flags().StringVar(&o.override, "override", "", "why a freeze is passed; it is recorded")
}

// choices checks the flags, and asks what they leave to be asked. Environment is
// the one that is going to be changed, if one is.
func (s *session) choices(ctx context.Context, options changeOptions, project *settings.Project, environment string) (action.Choices, error) {
	choices := action.Choices{
		Options: target.Options{Adopt: options.adopt, Conflicts: target.Conflicts(options.conflicts)}, Timeout: s.user.Timeout,
		LockWait: options.lockWait, OnFailure: options.onFailure, Override: options.override,
		Again: func(reason string) error { return s.askAgain(ctx, reason) },
	}
	if !slices.Contains([]target.Conflicts{target.Refuse, target.Take, target.Keep, ""}, choices.Options.Conflicts) {
		return choices, &usageError{fmt.Sprintf("--conflicts is %q; it must be refuse, take or leave", options.conflicts)}
	}
	if !slices.Contains([]string{"", "hold", "rollback"}, options.onFailure) {
		return choices, &usageError{fmt.Sprintf("--on-failure is %q; it must be hold or rollback", options.onFailure)}
	}
	if environment == "" { // nothing is changed there
		return choices, nil
	}
	var err error
	choices.Confirm, err = s.confirmation(ctx, project, environment)
	return choices, err
}

func (o *deployOptions) action(operator *action.Operator, choices action.Choices, args []string) *action.Deploy {
	return &action.Deploy{
		Operator: operator,
		Wanted: action.Wanted{
			Revision: args[0], Environment: args[1], Services: args[2:], WaitImage: o.waitImage,
		},
		Choices: choices,
	}
}

func (s *session) deploy(command *cobra.Command, args []string, options deployOptions) error {
	operator, err := s.operator()
	if err != nil {
		return err
	}
	s.result.App, s.result.Environment = operator.Project.App, args[1]
	choices, err := s.choices(command.Context(), options.changeOptions, operator.Project, args[1])
	if err != nil {
		return err
	}
	choices.NoWait = options.noWait
	s.result, err = options.action(operator, choices, args).Run(command.Context())
	return err
}

// confirmation is how the user confirms changes of an environment; nil where
// that isn't needed.
func (s *session) confirmation(ctx context.Context, project *settings.Project, name string) (func(string) error, error) {
	environment, err := project.Environment(name)
	if err != nil || !environment.Protected || s.user.Yes {
		return nil, err
	}
	if !isTerminal(s.In) {
		return nil, &unconfirmedError{name}
	}
	return func(plan string) error { return s.ask(ctx, plan) }, nil
}
