package hosts

import (
	"github.com/skycap/skycap/cmd/skycap-lab/internal/cgroup"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// groups has the cgroups of all hosts in it.
func groups(dir state.Dir) cgroup.Group { return cgroup.Group("skycap-lab-" + dir.ID() + "-hosts") }

// group has all of a host's processes in it.
func group(dir state.Dir, name string) cgroup.Group { return groups(dir) + cgroup.Group("/"+name) }

// machine boots a host, see Boot. It is registered nowhere: the lab finds it by its
// process and its cgroup.
func (f Fleet) machine(h host, n int) process.Daemon {
	machine := machineName(f.Dir, n)
	return process.Daemon{
		Name: h.name,
		Via:  []string{f.Dir.Self(), "boot", "--state=" + string(f.Dir), "--host=" + h.name, "--port=" + portName(machine), "--"},
		Argv: []string{
			"systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--settings=no",
			"--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=read-only",
			"--directory=" + f.Dir.Host(h.name, "root"), "--machine=" + machine, "--hostname=" + h.name,
			"--network-bridge=" + bridgeName(f.Dir), "--boot",
		},
	}
}
