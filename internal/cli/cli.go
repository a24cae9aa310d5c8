// Package cli is the command line: one file a command, which parses, checks and
// makes one call. The only user of cobra.
package cli

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/skycap/skycap/internal/noise"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/pkg/skycap"
)

// Streams are where a command reads and writes.
type Streams struct {
	In, Out, Err *os.File
}

// session is one run of skycap.
type session struct {
	Streams
	version string
	args    []string
	began   time.Time
	user    *settings.User
	parsed  bool // whether the command line was understood
	code    int  // the exit code of a command that went well
	report  *report.Reporter
	result  skycap.Result // of a command that prints events
	noise   noise.Log     // what kubectl warned of, and what nobody was shown
	guard   run.Guard     // of programs, should skycap be killed
}

// Main runs skycap with arguments and returns its exit code.
func Main(ctx context.Context, version string, args []string, streams Streams) int {
	s := &session{Streams: streams, version: version, args: args, began: time.Now()}
	defer s.guard.Close()
	root := s.root()
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	return s.finish(command, err)
}

func (s *session) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "skycap",
		Short: "Deploy revisions to Kubernetes and to hosts",
		Long: "Skycap deploys a revision of a Mercurial or Git repository into an environment:\n" +
			"the image that was built from it, with the configuration that it has for that environment.",
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(command *cobra.Command, _ []string) error { return s.begin(command) },
		RunE:              func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.CompletionOptions.HiddenDefaultCmd = false
	flags := root.PersistentFlags()
	flags.StringP("chdir", "C", "", "work in this folder (SKYCAP_CHDIR)")
	flags.String("config", "", "path of skycap.yaml; it is searched for upwards when left out (SKYCAP_CONFIG)")
	flags.StringP("output", "o", "text", "text or json (SKYCAP_OUTPUT)")
	flags.BoolP("verbose", "v", false, "show every program that is started, and more (SKYCAP_VERBOSE)")
	flags.BoolP("quiet", "q", false, "show warnings, errors and the result only (SKYCAP_QUIET)")
	flags.String("color", "auto", "auto, always or never (SKYCAP_COLOR, NO_COLOR)")
	flags.BoolP("yes", "y", false, "confirm without asking (SKYCAP_YES)")
	flags.Duration("timeout", 10*time.Minute, "how long to wait until it is healthy (SKYCAP_TIMEOUT)")
	flags.String("ssh-config", "", "a file for ssh instead of the user's own, as of ssh -F (SKYCAP_SSH_CONFIG)")
	flags.Bool("accept-new-host-keys", false, "trust hosts whose keys ssh doesn't know yet; a changed key is refused always")
	root.AddCommand(
		s.deployCommand(), s.planCommand(), s.rollbackCommand(), s.historyCommand(), s.attachCommand(),
		s.statusCommand(), s.restartCommand(), s.stopCommand(), s.startCommand(), s.logsCommand(), s.execCommand(), s.sshCommand(),
		s.kubectlCommand(), s.lockCommand(), s.unlockCommand(),
		s.buildCommand(), s.initCommand(),
		s.resolveCommand(), s.configCommand(), s.doctorCommand(), s.versionCommand(),
	)
	return root
}

// begin loads the user's settings and chooses the printer.
func (s *session) begin(command *cobra.Command) error {
	s.parsed = true
	user, err := settings.LoadUser(command.Flags())
	if err != nil {
		return err
	}
	s.user = user
	s.openReport(command, user.Output == "json")
	return nil
}

// printsEvents marks commands that print events, and a result at their end.
const printsEvents = "events"

func (s *session) openReport(command *cobra.Command, json bool) {
	terminal := report.Terminal(s.Err, os.Getenv)
	options := report.Options{
		Out: s.Out, Err: s.Err, JSON: json && command.Annotations[printsEvents] != "",
		Terminal: terminal, Color: report.Color("auto", terminal, os.Getenv), Command: command.Name(),
	}
	if terminal {
		options.Width, options.Height, _ = term.GetSize(int(s.Err.Fd()))
	}
	if s.user != nil {
		options.Verbose, options.Quiet = s.user.Verbose, s.user.Quiet
		options.Color = report.Color(s.user.Color, terminal, os.Getenv)
	}
	s.report = report.New(options)
}

// finish prints the error and the result, and returns the exit code.
func (s *session) finish(command *cobra.Command, err error) int {
	explained := s.explain(command, err)
	if s.report == nil {
		s.openReport(command, asksForJSON(s.args, os.Getenv))
	}
	s.tellNoise(err)
	if command.Annotations[printsEvents] != "" && (err != nil || s.result.Word != "") {
		if s.result.Word == "" {
			s.result.Word = explained.word
		}
		s.result.ExitCode = s.result.Word.ExitCode()
		s.result.DurationSeconds = time.Since(s.began).Seconds()
		if s.result.Services == nil {
			s.result.Services = []skycap.ServiceResult{}
		}
		if err != nil {
			s.result.Error, s.result.Hints, s.result.Failures = explained.message, explained.hints, failures(err)
		}
		if s.user != nil && !s.user.Verbose { // then they were shown
			s.result.NoiseHidden = s.noise.Hidden()
		}
		s.report.Result(s.result)
		s.code = s.result.ExitCode
	} else if err != nil {
		s.code = explained.word.ExitCode()
	}
	s.report.Close()
	if err != nil {
		report.Fail(s.Err, s.colored(), explained.message, explained.hints)
	}
	return s.code
}

func (s *session) colored() bool {
	mode := "auto"
	if s.user != nil {
		mode = s.user.Color
	}
	return report.Color(mode, report.Terminal(s.Err, os.Getenv), os.Getenv)
}

// asksForJSON guesses the output of a command line that could not be parsed.
func asksForJSON(args []string, getenv func(string) string) bool {
	for i, arg := range args {
		if slices.Contains([]string{"-o", "--output"}, arg) && i+1 < len(args) {
			return args[i+1] == "json"
		}
		if slices.Contains([]string{"-ojson", "-o=json", "--output=json"}, arg) {
			return true
		}
	}
	return getenv("SKYCAP_OUTPUT") == "json"
}

// usageError is a command line that can't be meant.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

// arguments demands at least some named arguments, and at most as many unless
// the last may be repeated.
func arguments(repeated bool, names ...string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return &usageError{command.CommandPath() + " needs " + strings.Join(names[len(args):], " and ")}
		}
		if !repeated && len(args) > len(names) {
			return &usageError{command.CommandPath() + " takes no argument " + quoted(args[len(names)])}
		}
		return nil
	}
}

// document prints a document as JSON, or has it printed as text.
func (s *session) document(document any, text func() error) error {
	if s.user.Output == "json" {
		return report.Encode(s.Out, document)
	}
	return text()
}

var errDeclined = errors.New("not confirmed")
