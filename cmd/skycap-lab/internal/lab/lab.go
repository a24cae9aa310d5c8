// Package lab brings the whole environment up, takes it down, and says how it is.
package lab

import (
	"fmt"
	"os"
	"runtime"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/cluster"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/node"
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
func portNames() []string {
	return []string{
		"registry", "kube-apiserver", "kube-controller-manager", "kube-scheduler",
		"kubelet", "kubelet-health", "kwok",
	}
}

// components lists all that runs with these settings, in the order of starting.
func components(dir state.Dir, s state.Settings) []process.Daemon {
	all := append([]process.Daemon{registry.Daemon(dir, s)}, cluster.ControlPlane(dir, s)...)
	if s.HasSimulated() {
		all = append(all, cluster.Kwok(dir, s))
	}
	if s.HasReal() {
		all = append(all, node.Containerd(dir), node.Kubelet(dir, s))
	}
	return all
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

// settle decides on the nodes and the ports. A cluster that is there keeps its
// nodes: objects of the other kind would stay in it forever.
func (l Lab) settle(nodes string) (state.Settings, error) {
	if l.hasCluster() {
		have, err := l.Dir.Load()
		if err == nil && nodes != "" && nodes != have.Nodes {
			err = &NodesError{Have: have.Nodes, Want: nodes}
		}
		if err != nil {
			return have, err
		}
		nodes = have.Nodes
	}
	if nodes == "" && canRunNodes() {
		nodes = state.Real
	} else if nodes == "" {
		nodes = state.Simulated
	}
	if nodes != state.Simulated && !canRunNodes() {
		return state.Settings{}, &PrivilegeError{Nodes: nodes}
	}
	return l.Dir.Settle(nodes, portNames())
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
