package cluster

import (
	"errors"
	"fmt"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Context is the kubeconfig context whose user may do anything.
const Context = "skycap-lab"

// Prepare writes keys, tokens and kubeconfigs. What is there already stays.
func Prepare(dir state.Dir, s state.Settings) error {
	if err := ensureKeys(dir); err != nil {
		return err
	}
	tokens, err := ensureTokens(dir)
	if err != nil {
		return err
	}
	server := "https://" + s.Address("kube-apiserver")
	for _, u := range users() {
		config := kubeconfig(server, dir.Cluster("ca.crt"), account{Context, tokens[u.key]})
		err = errors.Join(err, state.WriteFile(kubeconfigOf(dir, u.key), []byte(config), 0o600))
	}
	config := kubeconfig(server, dir.Cluster("ca.crt"),
		account{Context, tokens["admin"]}, account{Context + "-restricted", tokens["restricted"]})
	return errors.Join(err, state.WriteFile(dir.Kubeconfig(), []byte(config), 0o600))
}

// kubeconfigOf is the file that one user reaches the cluster with.
func kubeconfigOf(dir state.Dir, key string) string {
	return dir.Cluster(key + ".kubeconfig")
}

// account is a user of a kubeconfig; his context is called the same.
type account struct{ name, token string }

// kubeconfig has a context for each account; the first is the current one.
func kubeconfig(server, authority string, accounts ...account) string {
	users, contexts := "users:\n", "contexts:\n"
	for _, a := range accounts {
		users += fmt.Sprintf("- name: %s\n  user: {token: %s}\n", a.name, a.token)
		contexts += fmt.Sprintf("- name: %s\n  context: {cluster: %s, user: %s}\n", a.name, Context, a.name)
	}
	return fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters:\n- name: %s\n  cluster:\n    server: %s\n    certificate-authority: %q\n",
		Context, server, authority) + users + contexts + "current-context: " + accounts[0].name + "\n"
}
