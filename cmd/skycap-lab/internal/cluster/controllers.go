package cluster

import (
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

func controllerManager(dir state.Dir, s state.Settings) process.Daemon {
	return controller(dir, s, "kube-controller-manager",
		"--use-service-account-credentials", // each controller has its own rights, as RBAC's defaults mean it
		"--service-account-private-key-file="+dir.Cluster("service-account.key"),
		"--root-ca-file="+dir.Cluster("ca.crt"),
	)
}

func scheduler(dir state.Dir, s state.Settings) process.Daemon {
	return controller(dir, s, "kube-scheduler")
}

// controller is what the controller manager and the scheduler have in common. With
// the default rate limits, a deploy of many services would wait for them alone.
func controller(dir state.Dir, s state.Settings, name string, args ...string) process.Daemon {
	return process.Daemon{
		Name: name,
		Argv: append([]string{
			dir.Bin(name),
			"--kubeconfig=" + kubeconfigOf(dir, name),
			"--bind-address=127.0.0.1",
			"--secure-port=" + s.Port(name),
			"--leader-elect=false",
			"--kube-api-qps=1000",
			"--kube-api-burst=2000",
		}, args...),
		Address: "https://" + s.Address(name),
		Ready:   process.AnswersHTTP("https://" + s.Address(name) + "/healthz"),
	}
}
