// Package lab brings the whole environment up, takes it down, and says how it is.
package lab

import (
	"cmp"
	"fmt"
	"os"
	"runtime"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/cluster"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/hosts"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/node"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/noisy"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/progress"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/registry"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Lab is the environment of one state folder.
type Lab struct {
	Dir      state.Dir
	Progress progress.Printer
}

func (l Lab) host() process.Host {
	return process.Host{StateDir: string(l.Dir), Log: l.Dir.Log}
}

// portNames are the listeners that need a port of their own.
func portNames(s state.Settings) []string {
	names := []string{
		"registry", "kube-apiserver", "kube-controller-manager", "kube-scheduler",
		"kubelet", "kubelet-health", "kwok", noisy.Component,
	}
	if !canRunMachines() {
		names = append(names, hosts.Names(s.Hosts)...)
	}
	return names
}

// fleet is the hosts with these settings.
func (l Lab) fleet(s state.Settings) hosts.Fleet {
	return hosts.Fleet{Dir: l.Dir, Settings: s, Machines: canRunMachines()}
}

// components lists all that runs with these settings, in the order of starting.
func (l Lab) components(s state.Settings) []process.Daemon {
	all := append([]process.Daemon{registry.Daemon(l.Dir, s)}, cluster.ControlPlane(l.Dir, s)...)
	if s.HasSimulated() {
		all = append(all, cluster.Kwok(l.Dir, s))
	}
	if s.HasReal() {
		all = append(all, node.Containerd(l.Dir), node.Kubelet(l.Dir, s))
	}
	return append(all, l.fleet(s).Daemons()...)
}

// hasCluster tells whether a cluster's data is there, running or not.
func (l Lab) hasCluster() bool {
	_, err := os.Stat(l.Dir.Cluster())
	return err == nil
}

// canRunNodes tells whether a kubelet can run here.
func canRunNodes() bool {
	return runtime.GOOS == "linux" && os.Geteuid() == 0
}

// canRunMachines tells whether hosts can boot here.
func canRunMachines() bool { return canRunNodes() }

// settle decides on the nodes, the hosts and the ports.
func (l Lab) settle(w Wishes) (s state.Settings, err error) {
	if l.hasCluster() {
		if s, err = l.Dir.Load(); err != nil {
			return s, err
		}
	}
	if s.Nodes, err = l.chooseNodes(s.Nodes, w.Nodes); err != nil {
		return s, err
	}
	if w.Hosts != nil {
		s.Hosts = *w.Hosts
	}
	if s.Hosts > 0 && s.Subnet == "" {
		if s.Subnet, err = l.Dir.FreeSubnet(); err != nil {
			return s, err
		}
	}
	return l.Dir.Settle(s, portNames(s))
}

// chooseNodes decides on the nodes. A cluster that is there keeps those that it has:
// objects of the other kind would stay in it forever.
func (l Lab) chooseNodes(have, want string) (string, error) {
	if have != "" && want != "" && want != have {
		return "", &NodesError{Have: have, Want: want}
	}
	nodes := cmp.Or(have, want)
	if nodes == "" && canRunNodes() {
		nodes = state.Real
	} else if nodes == "" {
		nodes = state.Simulated
	}
	if nodes != state.Simulated && !canRunNodes() {
		return "", &PrivilegeError{Nodes: nodes}
	}
	return nodes, nil
}

// NodesError is a wish for other nodes than the cluster has.
type NodesError struct{ Have, Want string }

func (e *NodesError) Error() string {
	return fmt.Sprintf("the lab was started with nodes %q, not %q", e.Have, e.Want)
}

// Hint tells how to get the other ones.
func (e *NodesError) Hint() string {
	return "skycap-lab down && skycap-lab up --nodes " + e.Want
}

// PrivilegeError is a wish for real nodes where there can't be any.
type PrivilegeError struct{ Nodes string }

func (e *PrivilegeError) Error() string {
	return fmt.Sprintf("nodes %q need root on Linux", e.Nodes)
}

// Hint tells what works instead.
func (e *PrivilegeError) Hint() string { return "skycap-lab up --nodes simulated" }
