package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/ssh"
	"github.com/skycap/skycap/internal/target/hosts"
)

// adviseOnHosts knows the errors of what is on hosts.
func (s *session) adviseOnHosts(err error) string {
	var (
		keys     *ssh.HostKeysError
		fault    *hosts.Fault
		failed   *hosts.HostError
		absent   *hosts.NotDeployedError
		unit     *hosts.UnitError
		unknown  *hosts.UnknownHostError
		noRecord *hosts.NoRecordError
	)
	if errors.As(err, &keys) {
		return s.adviseOnKeys(keys.Keys)
	}
	switch {
	case errors.As(err, &fault):
		return fault.Fix
	case errors.As(err, &absent):
		return "to see what is deployed: skycap status " + absent.Environment
	case errors.As(err, &unit):
		return "name its unit in skycap.yaml: services." + unit.Service + ".hosts.unit"
	case errors.As(err, &unknown):
		return "its hosts are " + strings.Join(unknown.Known, ", ")
	case errors.As(err, &noRecord):
		return "to see the releases: skycap history " + noRecord.Environment
	}
	if hint := s.adviseOnConnection(err); hint != "" {
		return hint
	}
	if errors.As(err, &failed) {
		return "to look there: " + s.login(ssh.Host{Address: failed.Host}) + "; once it is well: the same command"
	}
	return ""
}

// adviseOnConnection knows the errors of reaching a host.
func (s *session) adviseOnConnection(err error) string {
	var (
		key         *ssh.HostKeyError
		refused     *ssh.AuthError
		unreachable *ssh.UnreachableError
		unknown     *ssh.UnknownError
		late        *ssh.TimeoutError
		shell       *ssh.ShellError
	)
	switch {
	case errors.As(err, &key):
		return s.adviseOnKeys([]*ssh.HostKeyError{key})
	case errors.As(err, &refused):
		return "is your key there, and your agent running (ssh-add -l)? " + s.login(refused.Host)
	case errors.As(err, &unknown):
		return "the same command finds out what is there, and finishes it; to look: " + s.login(unknown.Host)
	case errors.As(err, &unreachable) && unreachable.Limit == "MaxStartups":
		return "try it again in a moment, or raise MaxStartups in its sshd_config; by hand: " + s.login(unreachable.Host)
	case errors.As(err, &unreachable) && unreachable.Limit != "":
		return "see " + unreachable.Limit + " in its sshd_config; by hand: " + s.login(unreachable.Host)
	case errors.As(err, &unreachable):
		return "is it up? " + s.login(unreachable.Host) + "; to deploy without it, take it out of skycap.yaml or raise max_failures"
	case errors.As(err, &late):
		return "it may hang; to look there: " + s.login(late.Host)
	case errors.As(err, &shell) && len(shell.Missing) > 0:
		return "install them there: " + s.login(shell.Host)
	case errors.As(err, &shell):
		return "its user needs a login shell; to see what it says: " + s.login(shell.Host)
	}
	return ""
}

// adviseOnKeys tells how to make keys known. One that has changed is for people to look at.
func (s *session) adviseOnKeys(keys []*ssh.HostKeyError) string {
	var hints []string
	fresh := ""
	for _, key := range keys {
		if !key.Changed {
			fresh = cmp.Or(fresh, s.login(key.Host))
			continue
		}
		file, line := key.Known, "?"
		if at := strings.LastIndex(file, ":"); at >= 0 {
			file, line = file[:at], file[at+1:]
		}
		hints = append(hints, fmt.Sprintf("somebody may be in between; if host %q was made anew, remove line %s of %q", cmp.Or(key.Jump, key.Host.Address), line, file))
	}
	if fresh != "" {
		hints = append(hints, "compare the fingerprints, on the hosts: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub; to accept all: "+
			s.again("--accept-new-host-keys")+"; to accept one: "+fresh)
	}
	return strings.Join(hints, "\n")
}

// login is how to get to a host by hand.
func (s *session) login(host ssh.Host) string {
	var args []string
	if s.user.SSHConfig != "" {
		args = []string{"-F", s.user.SSHConfig}
	}
	return run.Command{Name: "ssh", Args: append(args, host.String())}.String()
}
