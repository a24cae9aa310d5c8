package node

import (
	"fmt"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/cluster"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Kubelet runs in the namespace that containerd opened.
func Kubelet(dir state.Dir, s state.Settings) process.Daemon {
	health := "http://" + s.Address("kubelet-health") + "/healthz"
	return process.Daemon{
		Name: "kubelet",
		Via:  []string{dir.Self(), "enter", "--join", "--state=" + string(dir), "--"},
		Argv: []string{
			dir.Bin("kubelet"),
			"--config=" + dir.Node("kubelet.yaml"),
			"--kubeconfig=" + dir.Cluster("kubelet.kubeconfig"),
			"--hostname-override=" + cluster.NodeName,
		},
		Address: "https://" + s.Address("kubelet"),
		Ready:   process.AnswersHTTP(health),
	}
}

// kubeletConfig keeps the kubelet off everything that it shares with the machine:
// no iptables chains, cgroups below one of the lab's, loopback addresses only.
func kubeletConfig(dir state.Dir, s state.Settings) string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: %s
healthzBindAddress: 127.0.0.1
healthzPort: %s
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: false}
  x509: {clientCAFile: %q}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix://%s
cgroupDriver: cgroupfs
cgroupRoot: /%s
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
makeIPTablesUtilChains: false
resolvConf: ""
enableControllerAttachDetach: false
evictionHard: {memory.available: 50Mi, nodefs.available: 1%%}
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 5s
maxPods: 250
registryPullQPS: 0
kubeAPIQPS: 500
kubeAPIBurst: 1000
`, s.Port("kubelet"), s.Port("kubelet-health"), dir.Cluster("ca.crt"), socket, group(dir))
}
