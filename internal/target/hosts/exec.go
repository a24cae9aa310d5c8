package hosts

import (
	"context"
	"errors"
	"fmt"

	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/ssh"
	"github.com/skycap/skycap/internal/target"
)

// execScript runs a command in the current release.
const execScript = `cd -- "$1" && shift && exec "$@"`

// UnknownHostError says that a service has no such host.
type UnknownHostError struct {
	Service, Host string
	Known         []string
}

func (e *UnknownHostError) Error() string {
	return fmt.Sprintf("service %q has no host %q; it has %q", e.Service, e.Host, e.Known)
}

// Exec runs a command in the current release folder of a host, or of each in turn.
// It is a connection of its own: the command has its stdin, and may have a terminal.
func (t *Hosts) Exec(ctx context.Context, service string, command target.Execution) (int, error) {
	g := t.groups[service]
	status := 0
	for _, h := range g.hosts {
		if !command.All && command.Instance != "" && h.address != command.Instance {
			continue
		}
		code, err := h.exec(ctx, command)
		if err != nil || !command.All {
			return code, err
		}
		if status == 0 {
			status = code
		}
	}
	if !command.All {
		return 0, &UnknownHostError{Service: service, Host: command.Instance, Known: g.Addresses}
	}
	return status, nil
}

func (h *host) exec(ctx context.Context, command target.Execution) (int, error) {
	hosting := h.group.Service
	argv := []string{"sh", "-c", execScript, "sh", hosting.DeployTo + "/current"}
	if hosting.Owner != "" && hosting.Owner != h.group.User {
		argv = append([]string{"sudo", "-n", "-u", hosting.Owner, "--"}, argv...)
	}
	client := h.group.target.Client
	made, err := client.Command(ssh.Host{Address: h.address, User: h.group.User}, command.Terminal, append(argv, command.Command...))
	if err != nil {
		return 0, err
	}
	made.Stdin, made.Stdout, made.Stderr = command.Stdin, command.Stdout, command.Err
	made.Timeout, made.Foreground = followTime, command.Terminal
	err = client.Runner.Run(ctx, made)
	var exit *run.ExitError
	if errors.As(err, &exit) && exit.Code > 0 {
		return exit.Code, nil
	}
	return 0, err
}
