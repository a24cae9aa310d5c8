package ssh

import (
	"strings"

	"github.com/skycap/skycap/internal/run"
)

// Command is an ssh of its own for people: a shell, or with argv one program,
// whose words arrive as they are. tty asks the host for a terminal. Running it
// in the foreground is the caller's; it returns a [*NameError] for a bad host.
func (c *Client) Command(host Host, tty bool, argv []string) (run.Command, error) {
	if err := host.Check(); err != nil {
		return run.Command{}, err
	}
	terminal := "-T"
	if tty {
		terminal = "-tt"
	}
	args := append(c.config(), terminal, "-o", "StrictHostKeyChecking="+c.hostKeys(), "-o", "ForwardAgent=no", "-o", "PermitLocalCommand=no")
	if len(argv) > 0 {
		args = append(args, "-o", "RemoteCommand=none")
	}
	if host.User != "" {
		args = append(args, "-l", host.User)
	}
	args = append(args, "--", host.destination())
	if len(argv) > 0 {
		words := make([]string, 0, len(argv))
		for _, word := range argv {
			words = append(words, quote(word))
		}
		args = append(args, strings.Join(words, " "))
	}
	return run.Command{Name: "ssh", Args: args}, nil
}

// hostKeys is how strictly keys are checked: never not at all.
func (c *Client) hostKeys() string {
	if c.AcceptNewHostKeys {
		return "accept-new"
	}
	return "yes"
}
