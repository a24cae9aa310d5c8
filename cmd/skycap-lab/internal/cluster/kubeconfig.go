package cluster

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/noisy"
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
	save := func(path, component string, accounts ...account) {
		config := kubeconfig("https://"+s.Address(component), dir.Cluster("ca.crt"), accounts...)
		err = errors.Join(err, state.WriteFile(path, []byte(config), 0o600))
	}
	for _, u := range users() {
		save(kubeconfigOf(dir, u.key), "kube-apiserver", withToken(Context, tokens[u.key]))
	}
	save(dir.Kubeconfig(), "kube-apiserver",
		withToken(Context, tokens["admin"]), withToken(Context+"-restricted", tokens["restricted"]))
	save(NoisyKubeconfig(dir), noisy.Component,
		withPlugin(Context, noisy.Plugin(dir, "admin")), withPlugin(Context+"-restricted", noisy.Plugin(dir, "restricted")))
	return err
}

// NoisyKubeconfig is as the usual one, contexts included, but kubectl finds much to
// complain of.
func NoisyKubeconfig(dir state.Dir) string { return kubeconfigOf(dir, "noisy") }

// kubeconfigOf is the file that one user reaches the cluster with.
func kubeconfigOf(dir state.Dir, key string) string {
	return dir.Cluster(key + ".kubeconfig")
}

// account is a user of a kubeconfig; his context is called the same.
type account struct{ name, credentials string }

func withToken(name, token string) account { return account{name, "token: " + token} }

// withPlugin has kubectl start a program that prints the credentials.
func withPlugin(name string, argv []string) account {
	return account{name, fmt.Sprintf("exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: %q, args: [%s]}",
		argv[0], quoted(argv[1:]))}
}

func quoted(words []string) string {
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = strconv.Quote(word)
	}
	return strings.Join(all, ", ")
}

// kubeconfig has a context for each account; the first is the current one.
func kubeconfig(server, authority string, accounts ...account) string {
	users, contexts := "users:\n", "contexts:\n"
	for _, a := range accounts {
		users += fmt.Sprintf("- name: %s\n  user: {%s}\n", a.name, a.credentials)
		contexts += fmt.Sprintf("- name: %s\n  context: {cluster: %s, user: %s}\n", a.name, Context, a.name)
	}
	return fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters:\n- name: %s\n  cluster:\n    server: %s\n    certificate-authority: %q\n",
		Context, server, authority) + users + contexts + "current-context: " + accounts[0].name + "\n"
}
