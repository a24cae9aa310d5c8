package kubectl

import "github.com/skycap/skycap/internal/run"

// isolated is a kubectl that does the same whatever its user has set up for typing
// it. Which clusters there are, and who one is there, stays the user's and
// kubectl's business: KUBECONFIG, and all that credential plugins and the way to
// the server need, it gets as they are.
func isolated(args []string) run.Command {
	return run.Command{Name: "kubectl", Args: args, Env: environment(), Without: meddling()}
}

// meddling are the variables that change what kubectl does, and where.
func meddling() []string {
	return []string{
		"KUBECTL_*",      // as in KUBECTL_APPLYSET, KUBECTL_COMMAND_HEADERS, KUBECTL_EXTERNAL_DIFF
		"KUBE_FEATURE_*", // features of its client that are switched on or off
		"KUBERC",
		// What stands in for a server that the kubeconfig doesn't name: a deploy goes
		// where its context leads, or nowhere.
		"KUBERNETES_MASTER", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "POD_NAMESPACE",
	}
}
