// Package hosts runs the lab's classic hosts: machines with systemd and sshd of their
// own where the lab may start them, otherwise an sshd of the user's for each.
package hosts

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// newPrefix begins the name of a host's folder that is not whole yet.
const newPrefix = ".new-"

// Max is how many hosts a lab can have: addresses end at .250.
const Max = 240

// Name is what the nth host is called, from 1 on. The example's skycap.yaml knows these names.
func Name(n int) string { return fmt.Sprintf("worker%d", n) }

// Names are those of the first n hosts.
func Names(n int) []string {
	var names []string
	for i := range n {
		names = append(names, Name(i+1))
	}
	return names
}

// Fleet is the hosts of a lab.
type Fleet struct {
	Dir      state.Dir
	Settings state.Settings
	Machines bool // each host is a machine that boots; else an sshd of this user's
}

func (f Fleet) processes() process.Host {
	return process.Host{StateDir: string(f.Dir), Log: f.Dir.Log}
}

// host is one of them.
type host struct {
	name          string
	address, port string // where sshd answers
}

func (f Fleet) hosts() []host {
	var all []host
	for i, name := range Names(f.Settings.Hosts) {
		h := host{name, f.Settings.Subnet + fmt.Sprintf(".%d", 11+i), "22"}
		if !f.Machines {
			h.address, h.port = "127.0.0.1", f.Settings.Port(name)
		}
		all = append(all, h)
	}
	return all
}

// Daemons are what runs, one for each host.
func (f Fleet) Daemons() []process.Daemon {
	var all []process.Daemon
	for i, h := range f.hosts() {
		d := f.sshd(h)
		if f.Machines {
			d = f.machine(h, i+1)
		}
		d.Address, d.Ready = net.JoinHostPort(h.address, h.port), greets(h)
		all = append(all, d)
	}
	return all
}

// greets is ready when sshd says who it is.
func greets(h host) func(context.Context) error {
	return func(ctx context.Context) error {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(h.address, h.port))
		if err != nil {
			return err
		}
		defer connection.Close() //nolint:errcheck // read only
		if deadline, ok := ctx.Deadline(); ok {
			if err := connection.SetReadDeadline(deadline); err != nil {
				return err
			}
		}
		banner := make([]byte, len("SSH-"))
		if _, err := connection.Read(banner); err != nil || string(banner) != "SSH-" {
			return errors.Join(err, fmt.Errorf("no SSH server at %q", connection.RemoteAddr()))
		}
		return nil
	}
}
