package cluster

import (
	"context"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Kwok plays the simulated nodes: those with the annotation.
func Kwok(dir state.Dir, s state.Settings) process.Daemon {
	return process.Daemon{
		Name: "kwok",
		Argv: []string{
			dir.Bin("kwok"),
			"--kubeconfig=" + kubeconfigOf(dir, "kwok"),
			"--manage-all-nodes=false",
			"--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
			"--node-lease-duration-seconds=40", // without leases its nodes turn NotReady
			"--server-address=" + s.Address("kwok"),
		},
		Address: "http://" + s.Address("kwok"),
		Ready:   process.AnswersHTTP("http://" + s.Address("kwok") + "/healthz"),
	}
}

const simulatedNode = `apiVersion: v1
kind: Node
metadata:
  name: simulated
  annotations: {kwok.x-k8s.io/node: fake, node.alpha.kubernetes.io/ttl: "0"}
  labels: {type: kwok, kubernetes.io/hostname: simulated, kubernetes.io/os: linux, kubernetes.io/arch: amd64}
status:
  allocatable: {cpu: "1000", memory: 1000Gi, pods: "5000"}
  capacity: {cpu: "1000", memory: 1000Gi, pods: "5000"}
`

// tainted keeps pods off the simulated node unless they ask for it.
const tainted = `spec:
  taints: [{key: kwok.x-k8s.io/node, value: fake, effect: NoSchedule}]
`

// AddSimulatedNode registers the node; beside a real one it is tainted, so that
// only pods which tolerate it are simulated.
func (k Kubectl) AddSimulatedNode(ctx context.Context, besideReal bool) error {
	node := simulatedNode
	if besideReal {
		node += tainted
	}
	return k.apply(ctx, node)
}
