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
	// What a member advertises must be an address, for other members; there are none.
	const nobody = "http://127.0.0.1:1"
	return process.Daemon{
		Name: "etcd",
		Argv: []string{
			dir.Bin("etcd"),
			"--name=lab",
			"--data-dir=" + dir.Cluster("etcd"),
			"--listen-client-urls=" + etcdURL(dir),
			"--advertise-client-urls=" + nobody,
			"--listen-peer-urls=unix://" + dir.Path("etcd-peer.sock"),
			"--initial-advertise-peer-urls=" + nobody,
			"--initial-cluster=lab=" + nobody,
			"--unsafe-no-fsync", // a lab's data may be lost with the machine
			"--log-level=warn",
		},
		Address: etcdURL(dir),
		Ready:   process.AnswersHTTPOn(dir.Path("etcd.sock"), "/health"),
	}
}

func etcdURL(dir state.Dir) string { return "unix://" + dir.Path("etcd.sock") }
