package lab

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/node"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// downTimeout is for a machine that is slow to let processes go.
const downTimeout = time.Minute

// Down stops all that runs and removes the cluster's data; the programs, the
// registry's images and the example repository stay, unless purge says otherwise.
// It tells whether there was anything to do, and does what there is: a lab of which
// only parts are left goes just the same.
func (l Lab) Down(ctx context.Context, purge bool) (wasUp bool, err error) {
	if !l.Dir.Exists() {
		return false, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, downTimeout, errors.New("the lab's processes were not gone after a minute"))
	defer cancel()
	unlock, err := l.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	table, err := process.Scan(string(l.Dir))
	if err != nil {
		return false, err
	}
	wasUp = len(table) > 0 || l.hasCluster()
	if canRunNodes() {
		err = l.Progress.Step("node", func() (string, error) { return "gone", node.Clear(ctx, l.Dir) })
		if err != nil {
			return wasUp, err
		}
	}
	if _, err := os.Stat(l.Dir.Host()); err == nil {
		err = l.Progress.Step("hosts", func() (string, error) { return "gone", l.fleet(state.Settings{}).Clear(ctx) })
		if err != nil {
			return wasUp, err
		}
	}
	err = l.Progress.Step("control plane", func() (string, error) {
		return "gone", errors.Join(l.stopAll(ctx), l.removeData(purge))
	})
	return wasUp, err
}

func (l Lab) stopAll(ctx context.Context) error {
	return process.Kill(ctx, func() (process.Table, error) { return process.Scan(string(l.Dir)) })
}

func (l Lab) removeData(purge bool) error {
	if purge {
		return os.RemoveAll(string(l.Dir))
	}
	var err error
	for _, path := range []string{
		l.Dir.Cluster(), l.Dir.Kubeconfig(), l.Dir.SSH(), l.Dir.Path("log"), l.Dir.Path("build"),
		l.Dir.Path("etcd.sock"), l.Dir.Path("etcd-peer.sock"),
	} {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}
