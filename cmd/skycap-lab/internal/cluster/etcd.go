// Package cluster is the control plane: what its components are, the keys and
// tokens that they share, and what a new cluster is given.
package cluster

import (
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// etcd listens on Unix sockets in the private folder: whoever could write to it
// could make himself root of the cluster, and so of a real node.
func etcd(dir state.Dir) process.Daemon {
	clients, peers := etcdURL(dir), "unix://"+dir.Path("etcd-peer.sock")
	return process.Daemon{
		Name: "etcd",
		Argv: []string{
			dir.Bin("etcd"),
			"--name=lab",
			"--data-dir=" + dir.Cluster("etcd"),
			"--listen-client-urls=" + clients,
			"--advertise-client-urls=" + clients,
			"--listen-peer-urls=" + peers,
			"--initial-advertise-peer-urls=" + peers,
			"--initial-cluster=lab=" + peers,
			"--unsafe-no-fsync", // a lab's data may be lost with the machine
			"--log-level=warn",
		},
		Address: clients,
		Ready:   process.AnswersHTTPOn(dir.Path("etcd.sock"), "/health"),
	}
}

func etcdURL(dir state.Dir) string { return "unix://" + dir.Path("etcd.sock") }
