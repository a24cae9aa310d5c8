package matrix

import (
	"os"
	"strings"
	"testing"
)

// hostileKuberc makes flags of the commands that skycap uses mean other things.
const hostileKuberc = `apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
- {command: apply, options: [{name: output, default: name}, {name: server-side, default: "false"}, {name: dry-run, default: client}]}
- {command: proxy, options: [{name: reject-paths, default: ".*"}]}
- {command: version, options: [{name: output, default: yaml}]}
- {command: get, options: [{name: output, default: name}]}
`

// oldKuberc does to get what hostileKuberc does, in the words of 1.33.
const oldKuberc = `apiVersion: kubectl.config.k8s.io/v1alpha1
kind: Preference
overrides:
- {command: get, flags: [{name: output, default: name}]}
`

// beHostile gives the test, and so all kubectls that skycap starts, an environment that
// would mislead them.
func beHostile(t *testing.T) {
	t.Helper()
	for _, variable := range hostile() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
}

func hostile() []string {
	return []string{
		"KUBECTL_KUBERC=true", "KUBECTL_APPLYSET=true", "KUBECTL_EXTERNAL_DIFF=/no/such/diff", "KUBECTL_COMMAND_HEADERS=false",
		"KUBE_FEATURE_WatchListClient=true", "KUBE_FEATURE_ClientsAllowCBOR=true", "POD_NAMESPACE=kube-system",
		"KUBERNETES_MASTER=http://127.0.0.1:1", "KUBERNETES_SERVICE_HOST=127.0.0.1", "KUBERNETES_SERVICE_PORT=1",
	}
}

// peaceful is our environment without what is hostile in it.
func peaceful() []string {
	var env []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "KUBE") && name != "POD_NAMESPACE" {
			env = append(env, variable)
		}
	}
	return env
}
