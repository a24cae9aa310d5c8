package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/ssh"
)

// sessionLife bounds how long somebody may be logged in.
const sessionLife = 24 * time.Hour

func (s *session) sshCommand() *cobra.Command {
	return &cobra.Command{
		Use: "ssh <env> <host> [flags] [-- <command>...]", DisableFlagsInUseLine: true,
		Short: "Log in to a host of an environment, or run a command there",
		Long: "Ssh starts the system's ssh for a host that skycap.yaml lists for the environment, as the user that it\n" +
			"names. Stdin, stdout and stderr are the command's, and so is the exit code; its words arrive as they are.",
		Example: "  skycap ssh production app1.example.com\n  skycap ssh production app1.example.com -- systemctl status web",
		Args:    sshArguments,
		RunE: func(command *cobra.Command, args []string) error {
			file, err := s.settingsFile()
			if err != nil {
				return err
			}
			project, err := settings.Load(file)
			if err != nil {
				return err
			}
			host, err := hostOf(project, args[0], args[1])
			if err != nil {
				return err
			}
			runner := s.runner()
			login, err := s.sshClient(runner).Command(host, isTerminal(s.In) && isTerminal(s.Out), args[2:])
			if err != nil {
				return err
			}
			login.Stdin, login.Stdout, login.Stderr = s.In, s.Out, s.Err
			login.Timeout, login.Foreground = sessionLife, true
			err = runner.Run(command.Context(), login)
			var exit *run.ExitError
			if errors.As(err, &exit) && exit.Code > 0 {
				s.code = exit.Code
				return nil
			}
			return s.unlessInterrupted(err)
		},
	}
}

// sshArguments demands an environment and a host, and "--" before a command.
func sshArguments(command *cobra.Command, args []string) error {
	if command.ArgsLenAtDash() < 0 && len(args) <= 2 {
		return arguments(false, "<env>", "<host>")(command, args)
	}
	return commandArguments("<env>", "<host>")(command, args)
}

// hostOf is the host of an environment that has an address.
func hostOf(project *settings.Project, name, address string) (ssh.Host, error) {
	environment, err := project.Environment(name)
	if err != nil {
		return ssh.Host{}, err
	}
	var known []string
	for _, service := range slices.Sorted(maps.Keys(environment.Hosts)) {
		group := environment.Hosts[service]
		if slices.Contains(group.Addresses, address) {
			return ssh.Host{Address: address, User: group.User}, nil
		}
		known = append(known, group.Addresses...)
	}
	if len(known) == 0 {
		return ssh.Host{}, &usageError{fmt.Sprintf("environment %q has no hosts", name)}
	}
	known = slices.Compact(slices.Sorted(slices.Values(known)))
	return ssh.Host{}, &settings.UnknownError{Kind: "host", Name: address, Known: known, Nearest: settings.Nearest(address, known)}
}
