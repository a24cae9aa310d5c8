package node

import (
	"context"
	"errors"
	"os"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/bridge"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/cgroup"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// group has all containers in it, which is how their processes are found.
func group(dir state.Dir) cgroup.Group { return cgroup.Group("skycap-lab-" + dir.ID()) }

// Configure writes what containerd, the kubelet and the network plugins read.
func Configure(dir state.Dir, s state.Settings, pause string) error {
	return errors.Join(
		group(dir).Create(),
		state.WriteFile(dir.Node("containerd.toml"), []byte(containerdConfig(dir, pause)), 0o600),
		state.WriteFile(dir.Node("kubelet.yaml"), []byte(kubeletConfig(dir, s)), 0o600),
		state.WriteFile(dir.Node("cni", "lab.conflist"), []byte(networkConfig(dir)), 0o600),
	)
}

// IsAlive tells whether containerd runs. Where it doesn't, what is left of the node
// is in nobody's hands.
func IsAlive(dir state.Dir) (bool, error) {
	table, err := process.Scan(string(dir))
	_, alive := table.Daemon("containerd")
	return alive, err
}

// Clear ends the node's processes, those in containers included, and removes what
// they left in the kernel and in the folder. It needs nothing of it to be there.
func Clear(ctx context.Context, dir state.Dir) error {
	err := process.Kill(ctx, func() (process.Table, error) {
		daemons, err1 := process.Scan(string(dir))
		containers, err2 := group(dir).Processes()
		return append(daemons.Of("containerd", "kubelet"), containers...), errors.Join(err1, err2)
	})
	if err != nil {
		return err
	}
	return errors.Join(
		bridge.Remove(ctx, bridgeName(dir)),
		group(dir).Remove(),
		os.RemoveAll(dir.Node()),
	)
}
