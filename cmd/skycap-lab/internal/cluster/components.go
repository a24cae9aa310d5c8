package cluster

import (
	"github.com/skycap/skycap/cmd/skycap-lab/internal/noisy"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// ControlPlane lists the components in the order in which they start. The proxy that makes
// noise is always there: it costs nothing while nobody uses it.
func ControlPlane(dir state.Dir, s state.Settings) []process.Daemon {
	return []process.Daemon{
		etcd(dir),
		apiServer(dir, s),
		controllerManager(dir, s),
		scheduler(dir, s),
		noisy.Daemon(dir, s),
	}
}
