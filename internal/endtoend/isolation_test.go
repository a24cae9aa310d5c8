package endtoend

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// hostileKuberc makes flags of the commands that a deploy uses mean other things.
const hostileKuberc = `apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
- {command: apply, options: [{name: output, default: name}, {name: server-side, default: "false"}, {name: dry-run, default: client}]}
- {command: proxy, options: [{name: reject-paths, default: ".*"}]}
- {command: version, options: [{name: output, default: yaml}]}
aliases:
- {name: apply, command: delete}
`

// pluginKubeconfig is the lab's kubeconfig in two files, whose current context leads
// nowhere and whose user has its credentials from a program that wants a variable.
func pluginKubeconfig(t *testing.T, folder string) (path string) {
	t.Helper()
	var config struct {
		Clusters []any
		Users    []struct {
			Name string
			User struct{ Token string }
		}
	}
	text := kubectl(t, "config", "view", "--raw", "--flatten", "--minify")
	require.NoError(t, yaml.Unmarshal([]byte(text), &config))
	require.NotEmpty(t, config.Users[0].User.Token)
	credential, err := json.Marshal(map[string]any{
		"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": map[string]any{"token": config.Users[0].User.Token},
	})
	require.NoError(t, err)
	answer := write(t, folder, "credential.json", string(credential))
	plugin := write(t, folder, "login", "#!/bin/sh\n[ \"$LOGIN_TOKEN\" = s3cret ] || { echo 'login: LOGIN_TOKEN is wrong' >&2; exit 1; }\ncat '"+answer+"'\n")
	require.NoError(t, os.Chmod(plugin, 0o755))
	clusters, err := json.Marshal(config.Clusters)
	require.NoError(t, err)
	first := write(t, folder, "first", "{apiVersion: v1, kind: Config, current-context: nowhere, contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody, namespace: kube-system}}]}\n")
	second := write(t, folder, "second", fmt.Sprintf("{apiVersion: v1, kind: Config, clusters: %s, "+
		"contexts: [{name: skycap-lab, context: {cluster: %s, user: plugin, namespace: kube-system}}], "+
		"users: [{name: plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: %s, interactiveMode: Never}}}]}\n",
		clusters, quotedName(t, config.Clusters[0]), plugin))
	return first + string(os.PathListSeparator) + second
}

func quotedName(t *testing.T, cluster any) string {
	t.Helper()
	content, ok := cluster.(map[string]any)
	require.True(t, ok)
	return fmt.Sprintf("%q", content["name"])
}

// beHostile gives a checkout an environment in which all that can be set up for
// kubectl is set up to mislead it, and returns a file that plugins would make.
func (c *checkout) beHostile() (marker string) {
	c.t.Helper()
	home, bin := c.t.TempDir(), c.t.TempDir()
	marker = filepath.Join(home, "plugin-was-here")
	for _, name := range []string{"kubectl-apply", "kubectl-proxy", "kubectl-version", "kubectl-get"} {
		require.NoError(c.t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\ntouch '"+marker+"'\n"), 0o755))
	}
	kuberc := write(c.t, home, ".kube/kuberc", hostileKuberc)
	c.env = append(c.env,
		"HOME="+home, "KUBECONFIG="+pluginKubeconfig(c.t, home), "LOGIN_TOKEN=s3cret", "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"KUBERC="+kuberc, "KUBECTL_KUBERC=true", "KUBECTL_APPLYSET=true", "KUBECTL_EXTERNAL_DIFF=/no/such/diff", "KUBECTL_COMMAND_HEADERS=false",
		"KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false", "KUBECTL_EXPLAIN_OPENAPIV3=false", "KUBE_FEATURE_WatchListClient=true", "KUBE_FEATURE_ClientsAllowCBOR=true",
		"KUBE_EDITOR=false", "POD_NAMESPACE=kube-system", "KUBERNETES_MASTER=http://127.0.0.1:1", "KUBERNETES_SERVICE_HOST=127.0.0.1", "KUBERNETES_SERVICE_PORT=1")
	return marker
}

func TestTheUsersWaysWithKubectlChangeNothing(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	marker := c.beHostile()
	elsewhere := contents(t, "kube-system")
	c.deploy("tip", "staging")
	assert.NoFileExists(t, marker)
	assert.Contains(t, c.names("deployments"), "Deployment/web")
	for _, object := range contents(t, "kube-system") {
		if !strings.HasPrefix(object, "Lease/") { // the cluster's own are renewed
			assert.Contains(t, elsewhere, object)
		}
	}

	c.env = append(c.env, "LOGIN_TOKEN=expired")
	o := c.skycap("deploy", c.reviseText("second"), "staging", "-o", "json")
	assert.Equal(t, 1, o.code, "%s\n%s", o.stdout, o.stderr)
	assert.Contains(t, o.stderr, "log in again")
	assert.Contains(t, o.stderr, "LOGIN_TOKEN is wrong", "only the program that should have logged in knows why")
	assert.Equal(t, "unauthorized", c.result(o).Failures[0].Reason)
}

func TestSecretsAreInNoProcessListAndNoFile(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	c.write("deploy/web/secret.yaml", "{apiVersion: v1, kind: Secret, metadata: {name: password}, stringData: {password: hunter-2-hunter}}\n")
	c.revise()
	log := filepath.Join(t.TempDir(), "log")
	c.wrapKubectl(`
(echo "args: $*"; env) >>'` + log + `'
"$real" "$@"; status=$?
grep -rl -s -e hunter-2-hunter -e aHVudGVyLTItaHVudGVy "$TMPDIR" "$HOME/.kube" >>'` + log + `'
exit $status
`)
	o := c.skycap("deploy", "tip", "staging", "--timeout=90s", "-v")
	require.Zero(t, o.code, o.stderr)
	seen, err := os.ReadFile(log)
	require.NoError(t, err)
	assert.Contains(t, string(seen), "args: --context=skycap-lab")
	for _, text := range []string{"hunter-2-hunter", "aHVudGVyLTItaHVudGVy"} {
		assert.NotContains(t, string(seen), text)
	}
	assert.NotContains(t, o.stdout+o.stderr, "hunter-2-hunter")
	assert.Equal(t, "hunter-2-hunter", kubectl(t, "--namespace="+c.staging, "get", "secret", "password", "--template={{.data.password | base64decode}}"))
}
