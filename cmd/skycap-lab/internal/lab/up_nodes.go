package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/cluster"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/node"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// nodes start their processes and wait until the cluster may place pods on them.
func (l Lab) nodes(s state.Settings, w Wishes) []step {
	var steps []step
	kubectl := cluster.Kubectl{Dir: l.Dir}
	count, since := 0, time.Time{}
	if s.HasSimulated() {
		count++
		steps = append(steps, l.daemon(cluster.Kwok(l.Dir, s)), step{"simulated node",
			func(ctx context.Context) (string, error) {
				return "registered", kubectl.AddSimulatedNode(ctx, s.HasReal())
			}})
	}
	if s.HasReal() {
		count++
		steps = append(steps, step{"node's ground", func(ctx context.Context) (string, error) {
			outcome, fresh, err := l.prepareNode(ctx, s, w)
			if fresh {
				since = time.Now()
			}
			return outcome, err
		}}, l.daemon(node.Containerd(l.Dir)), l.daemon(node.Kubelet(l.Dir, s)))
	}
	return append(steps, step{"nodes", func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, fmt.Errorf("the nodes were not ready after a minute"))
		defer cancel()
		return "ready", kubectl.WaitForNodes(ctx, count, since)
	}})
}

// prepareNode clears away a node that died, as after a reboot: its containers come
// back from what the cluster knows.
func (l Lab) prepareNode(ctx context.Context, s state.Settings, w Wishes) (outcome string, fresh bool, err error) {
	pause, err := node.EnsurePause(ctx, l.Dir, s, w.Source)
	if err != nil {
		return "", false, err
	}
	alive, err := node.IsAlive(l.Dir)
	if alive || err != nil {
		return "in use", false, err
	}
	if err := node.Clear(ctx, l.Dir); err != nil {
		return "", false, err
	}
	return "prepared", true, node.Configure(l.Dir, s, pause)
}
