package endtoend

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrongClustersAreRefused(t *testing.T) {
	t.Parallel()
	refuse(t, []refusal{
		{name: "context that does not exist", code: 1, says: []string{`"skycap-lob"`}, hints: []string{"config get-contexts"},
			prepare: func(c *checkout) { c.edit("skycap.yaml", "context: skycap-lab", "context: skycap-lob") }},
		{name: "namespace that does not exist", code: 1, says: []string{`"no-such-namespace"`}, hints: []string{"create namespace no-such-namespace"},
			args: deploying("main", "production")},
		{name: "no permission", code: 1, says: []string{"forbidden"}, hints: []string{"auth can-i --list"},
			prepare: func(c *checkout) { c.edit("skycap.yaml", "context: skycap-lab,", "context: skycap-lab-restricted,") }},
		{name: "cluster that is down", code: 1, says: []string{"127.0.0.1:"}, hints: []string{"cluster-info"},
			prepare: func(c *checkout) { c.useClosedCluster() }},
		{name: "cluster other than the pinned one", code: 1, says: []string{`"skycap-lab"`, `"8c1e"`}, hints: []string{"config get-contexts"},
			prepare: func(c *checkout) {
				c.edit("skycap.yaml", "context: skycap-lab,", "context: skycap-lab, cluster: 8c1e,")
			}},
		{name: "object of another app", code: 1, says: []string{`Service "web"`, `"shop"`},
			prepare: func(c *checkout) {
				c.createService("app.kubernetes.io/managed-by: skycap, skycap.dev/app: shop, skycap.dev/service: web")
			}},
		{name: "object that isn't skycap's", code: 1, says: []string{`Service "web"`}, hints: []string{"--adopt"},
			prepare: func(c *checkout) { c.createService("app: web") }},
		{name: "object that the cluster rejects", code: 1, says: []string{"spec.replicas"},
			prepare: func(c *checkout) { c.commitEdit("deploy/web/deployment.yaml", "replicas: 2", "replicas: -2") }},
		{name: "restart of what is not deployed", code: 1, says: []string{`"web"`}, hints: []string{"skycap status staging"},
			args: func(*checkout) []string { return []string{"restart", "staging"} }},
		{name: "kubectl is not installed", code: 1, says: []string{`"kubectl"`}, hints: []string{"install"},
			prepare: func(c *checkout) { c.env = append(c.env, "PATH="+programs(c.t, "hg", "python3", "sh")) }},
		{name: "hg is not installed", code: 1, says: []string{`"hg"`}, hints: []string{"install"},
			prepare: func(c *checkout) { c.env = append(c.env, "PATH="+programs(c.t, "kubectl", "sh")) }},
	})
}

// createService makes a Service as somebody else would.
func (c *checkout) createService(labels string) {
	c.t.Helper()
	file := write(c.t, c.t.TempDir(), "service.yaml",
		"{apiVersion: v1, kind: Service, metadata: {name: web, labels: {"+labels+"}}, spec: {ports: [{port: 81}]}}\n")
	kubectl(c.t, "--namespace="+c.staging, "create", "--filename="+file)
}

// useClosedCluster gives skycap a kubeconfig whose cluster doesn't answer.
func (c *checkout) useClosedCluster() {
	c.t.Helper()
	file := filepath.Join(c.t.TempDir(), "kubeconfig")
	content := command(c.t, "", nil, "kubectl", "config", "view", "--raw", "--flatten")
	require.NotEmpty(c.t, content)
	write(c.t, filepath.Dir(file), "kubeconfig", content)
	command(c.t, "", nil, "kubectl", "config", "--kubeconfig="+file, "set-cluster", "skycap-lab", "--server=https://"+closedAddress(c.t))
	c.env = append(c.env, "KUBECONFIG="+file)
}
