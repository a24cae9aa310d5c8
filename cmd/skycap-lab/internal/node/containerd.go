// Package node is the real node: containerd and a kubelet in a mount namespace of
// their own, and what they leave in the kernel.
package node

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

const socket = "/run/containerd/containerd.sock"

// Containerd runs the containers. It opens the node's namespace, see Enter.
func Containerd(dir state.Dir) process.Daemon {
	return process.Daemon{
		Name:    "containerd",
		Via:     []string{dir.Self(), "enter", "--state=" + string(dir), "--"},
		Argv:    []string{"containerd", "--config=" + dir.Node("containerd.toml")},
		Address: "unix://" + socket + " in the node's mount namespace",
		Ready:   answersInside(dir),
	}
}

// answersInside reaches the socket through the daemon's own view of the files.
func answersInside(dir state.Dir) func(context.Context) error {
	return func(ctx context.Context) error {
		table, err := process.Scan(string(dir))
		if err != nil {
			return err
		}
		p, ok := table.Daemon("containerd")
		if !ok {
			return fmt.Errorf("no process %q", "containerd")
		}
		path := filepath.Join("/proc", strconv.Itoa(p.PID), "root", socket)
		connection, err := new(net.Dialer).DialContext(ctx, "unix", path)
		if err != nil {
			return err
		}
		return connection.Close()
	}
}

// containerdConfig leaves root and state at their defaults: the node has a /var and
// a /run of its own. Containers keep the score that the kernel gives them, since a
// machine may not have the right to lower it.
func containerdConfig(dir state.Dir, pause string) string {
	return fmt.Sprintf(`version = 2
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]

[grpc]
  address = %q

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  restrict_oom_score_adj = true
  disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = %q
`, socket, pause, dir.Node("cni"))
}
