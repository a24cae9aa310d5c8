package cli

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/noise"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/settings"
)

func (s *session) kubectlCommand() *cobra.Command {
	var explain bool
	command := &cobra.Command{
		Use: "kubectl <env> [flags] -- <arguments>...", DisableFlagsInUseLine: true,
		Short: "Run kubectl in the namespace of an environment, without its noise",
		Long: "Kubectl starts kubectl with the context and the namespace that skycap.yaml has for the environment. Flags\n" +
			"that would have it work elsewhere are refused. Stdin, stdout and the exit code are kubectl's. On stderr, what\n" +
			"means nothing when kubectl succeeds is kept back until it ends: when it fails, all of it is shown. Nothing is\n" +
			"kept back of logs, exec, attach and edit, nor with --verbose.",
		Example: "  skycap kubectl staging -- get pods -o wide\n  skycap kubectl staging --explain-noise -- get events",
		Args:    commandArguments("<env>"),
		RunE: func(command *cobra.Command, args []string) error {
			client, err := s.pinnedKubectl(args[0])
			if err != nil {
				return err
			}
			if isTerminal(s.Err) { // a table without rows is nothing to see: people want to be told
				if client.Rules, err = s.noiseRules(noise.EmptyList); err != nil {
					return err
				}
			}
			passage := kubectl.Passage{Args: args[1:], Stdin: s.In, Terminal: isTerminal(s.In), Stdout: s.Out, Stderr: s.Err, Open: s.user.Verbose}
			if explain {
				passage.Held = s.explainNoise
			}
			s.code, err = client.Pass(command.Context(), passage)
			if hidden := report.NoiseHidden(s.noise.Hidden()); hidden != "" && !s.user.Quiet {
				_, _ = fmt.Fprintln(s.Err, hidden)
			}
			return s.unlessInterrupted(err)
		},
	}
	command.Flags().BoolVar(&explain, "explain-noise", false, "say of each record that is kept back which rule it is of, and why")
	return command
}

// pinnedKubectl is kubectl in the namespace of an environment.
func (s *session) pinnedKubectl(name string) (kubectl.Client, error) {
	file, err := s.settingsFile()
	if err != nil {
		return kubectl.Client{}, err
	}
	project, err := settings.Load(file)
	if err != nil {
		return kubectl.Client{}, err
	}
	environment, err := project.Environment(name)
	if err != nil {
		return kubectl.Client{}, err
	}
	if environment.Kubernetes == nil {
		return kubectl.Client{}, &usageError{fmt.Sprintf("environment %q has no namespace", name)}
	}
	return s.kubectlClient(s.runner(), environment)
}

// explainNoise names the rule of a record that is kept back.
func (s *session) explainNoise(record []byte, rule *noise.Rule) {
	line, _, _ := bytes.Cut(record, []byte("\n"))
	line = line[:min(len(line), longestExplained)]
	_, _ = fmt.Fprintf(s.Err, "skycap: %s %q (%s): %q\n", rule.Class, rule.ID, rule.Reason, line)
}

// longestExplained is how much of a record is shown beside its rule, in bytes.
const longestExplained = 400

// tellNoise tells what may explain an error, before it: what was held of a kubectl
// that failed, and once more what kubectl warned of.
func (s *session) tellNoise(err error) {
	if err == nil {
		return
	}
	for _, leaf := range leaves(err) {
		var failure *kubectl.Error
		if errors.As(leaf, &failure) {
			for _, entry := range failure.Before {
				s.report.Evidence("", "kubectl: "+entry)
			}
		}
	}
	for _, warning := range s.noise.Warnings() {
		s.report.Evidence("", "kubectl: "+warning)
	}
}

// kubectlClient starts kubectl as the user wants it.
func (s *session) kubectlClient(runner run.Runner, environment *settings.Environment) (kubectl.Client, error) {
	rules, err := s.noiseRules()
	return kubectl.Client{
		Runner: runner, Context: environment.Kubernetes.Context, Namespace: environment.Kubernetes.Namespace,
		Warn: s.report.Warning, Say: s.report.Log, Debug: s.report.Debug, Rules: rules, Noise: &s.noise,
		Cache: filepath.Join(cacheFolder(), "kubectl"),
	}, err
}

// noiseRules are skycap's rules and the user's, without those that the user or the caller disables.
func (s *session) noiseRules(disabled ...string) (*noise.Rules, error) {
	return noise.NewRules(rulesOf(s.user.Noise.Rules), slices.Concat(s.user.Noise.Disable, disabled))
}

// rulesOf are the rules of a user's settings.
func rulesOf(settings []settings.NoiseRule) []noise.Rule {
	rules := make([]noise.Rule, len(settings))
	for i, rule := range settings {
		rules[i] = noise.Rule{
			ID: rule.ID, Reason: rule.Reason, Class: noise.Class(rule.Class), Files: rule.Files, Severity: rule.Severity,
			Begins: rule.Begins, Has: rule.Has, Continues: rule.Continues, Examples: rule.Examples,
		}
	}
	return rules
}
