package cluster

import (
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// apiServer has what a production cluster has (RBAC, the node authorizer, the
// default admission plugins) and takes tokens from a file.
func apiServer(dir state.Dir, s state.Settings) process.Daemon {
	return process.Daemon{
		Name: "kube-apiserver",
		Argv: []string{
			dir.Bin("kube-apiserver"),
			"--etcd-servers=" + etcdURL(dir),
			"--bind-address=127.0.0.1",
			"--advertise-address=127.0.0.1",
			"--endpoint-reconciler-type=none", // a loopback address is no endpoint
			"--secure-port=" + s.Port("kube-apiserver"),
			"--tls-cert-file=" + dir.Cluster("apiserver.crt"),
			"--tls-private-key-file=" + dir.Cluster("apiserver.key"),
			"--client-ca-file=" + dir.Cluster("ca.crt"),
			"--kubelet-client-certificate=" + dir.Cluster("kubelet-client.crt"),
			"--kubelet-client-key=" + dir.Cluster("kubelet-client.key"),
			"--token-auth-file=" + dir.Cluster("tokens.csv"),
			"--authorization-mode=Node,RBAC",
			"--service-cluster-ip-range=10.96.0.0/16",
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + dir.Cluster("service-account.key"),
			"--service-account-signing-key-file=" + dir.Cluster("service-account.key"),
		},
		Address: "https://" + s.Address("kube-apiserver"),
		Ready:   process.AnswersHTTP("https://" + s.Address("kube-apiserver") + "/readyz"),
	}
}
