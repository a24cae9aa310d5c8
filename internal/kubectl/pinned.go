package kubectl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// UnpinError is an argument that would have kubectl work elsewhere than where it is pinned.
type UnpinError struct {
	Flag   string // as in --namespace, or a subcommand as in "config use-context"
	Given  string // the argument that holds it
	Reason string // what it would do
}

func (e *UnpinError) Error() string {
	if e.Flag == e.Given || strings.HasPrefix(e.Given, e.Flag+"=") {
		return fmt.Sprintf("%q %s", e.Given, e.Reason)
	}
	return fmt.Sprintf("%q sets %s, which %s", e.Given, e.Flag, e.Reason)
}

const (
	unpinsPlace    = "would leave the environment's context and namespace"
	unpinsIdentity = "would act as somebody else than the environment's context says"
	unpinsServer   = "would talk to the server in another way than the environment's context says"
	changesConfig  = "would change your kubeconfig, and so where every program works"
)

// unpinning are the flags that are refused, by their long names.
func unpinning() map[string]string {
	return map[string]string{
		"context": unpinsPlace, "namespace": unpinsPlace, "all-namespaces": unpinsPlace, "kubeconfig": unpinsPlace,
		"namespaces": unpinsPlace, "cluster": unpinsPlace, "server": unpinsPlace, "master": unpinsPlace,
		"user": unpinsIdentity, "token": unpinsIdentity, "username": unpinsIdentity, "password": unpinsIdentity,
		"client-certificate": unpinsIdentity, "client-key": unpinsIdentity,
		"certificate-authority": unpinsServer, "insecure-skip-tls-verify": unpinsServer, "tls-server-name": unpinsServer,
	}
}

// unpinningShorthands are the refused flags of one letter, with their long names.
func unpinningShorthands() map[byte]string {
	return map[byte]string{'n': "namespace", 'A': "all-namespaces", 's': "server"}
}

// takesValue are flags that take the next argument where they have no "=", in every
// subcommand that knows them. One that is missing here has its value judged as if
// it were an argument of its own: then too much is refused, never too little.
func takesValue(name string) bool {
	return slices.Contains([]string{
		"cache-dir", "chunk-size", "container", "copy-to", "current-replicas", "custom", "duration", "env", "field-manager",
		"field-selector", "filename", "for", "from", "from-env-file", "from-file", "from-literal", "grace-period", "image", "kustomize",
		"kuberc", "label-columns", "labels", "log-file", "log-flush-frequency", "max", "max-log-requests", "min", "name", "output", "overrides", "patch", "patch-file",
		"pod-running-timeout", "port", "profile", "profile-output", "replicas", "request-timeout", "resource-version", "restart",
		"revision", "selector", "since", "since-time", "sort-by", "subresource", "tail", "target", "target-port", "template", "timeout",
		"to-revision", "type", "v", "vmodule",
	}, name)
}

// isSwitch tells flags without a value that commonly stand before "--".
func isSwitch(name string) bool {
	return slices.Contains([]string{
		"all", "arguments-only", "attach", "command", "disable-compression", "expose", "follow", "force", "help", "keep-annotations",
		"keep-init-containers", "keep-labels", "keep-liveness", "keep-readiness", "keep-startup", "leave-stdin-open",
		"match-server-version", "privileged", "quiet", "replace", "rm", "same-node", "share-processes", "stdin", "tty", "warnings-as-errors", "watch",
	}, name)
}

// words walks over kubectl's arguments as pflag does.
type words struct {
	args      []string
	namespace string   // that it is pinned to
	operands  []string // what is no flag and no value of one
	flags     []string // the names of flags, long or of one letter
}

func (c Client) words(args []string) *words { return &words{args: args, namespace: c.Namespace} }

// check finds the first argument that would have kubectl work elsewhere, or the
// subcommand. The error is an [*UnpinError].
func (w *words) check() error {
	for at := 0; at < len(w.args); at++ {
		arg := w.args[at]
		isLast := at+1 == len(w.args)
		switch {
		case arg == "--" && (at == 0 || !w.mayConsume(w.args[at-1])):
			return w.checkOperands()
		case arg == "--": // perhaps the value of the flag before it: then flags follow
		case strings.HasPrefix(arg, "--"):
			name, err := w.long(arg)
			if err != nil {
				return err
			}
			if err := w.checkRaw(name, w.args[at:]); err != nil {
				return err
			}
			if !isLast && takesValue(name) && !strings.Contains(arg, "=") {
				at++
			}
		case strings.HasPrefix(arg, "-") && arg != "-":
			consumes, err := w.short(arg)
			if err != nil {
				return err
			}
			if consumes {
				at++
			}
		default:
			w.operands = append(w.operands, arg)
		}
	}
	return w.checkOperands()
}

// mayConsume reports whether an argument is a flag that nobody here knows, which may
// take the next argument for its value.
func (w *words) mayConsume(arg string) bool {
	name, isLong := strings.CutPrefix(arg, "--")
	if isLong {
		return !strings.Contains(name, "=") && !isSwitch(normal(name))
	}
	if !strings.HasPrefix(arg, "-") || arg == "-" {
		return false
	}
	for i := 1; i+1 < len(arg); i++ {
		if arg[i+1] == '=' || w.letterTakesValue(arg[i]) {
			return false // its value stands in the same argument
		}
	}
	last := arg[len(arg)-1]
	return strings.IndexByte("itwRqh", last) < 0 || last == 'w' && slices.Contains(w.operands, "proxy") // there it is --www
}

// checkRaw refuses a path of the API that lies in another namespace.
func (w *words) checkRaw(name string, args []string) error {
	if name != "raw" {
		return nil
	}
	given, path, attached := strings.Cut(args[0], "=")
	if !attached && len(args) > 1 {
		path = args[1]
	}
	_, below, isNamespaced := strings.Cut(path, "/namespaces/")
	if namespace, _, _ := strings.Cut(below, "/"); isNamespaced && namespace != w.namespace {
		return &UnpinError{Flag: given, Given: given + "=" + path, Reason: unpinsPlace}
	}
	return nil
}

// long judges --name or --name=value. kubectl takes _ for -.
func (w *words) long(arg string) (name string, err error) {
	name, _, _ = strings.Cut(arg[2:], "=")
	name = normal(name)
	w.flags = append(w.flags, name)
	reason, refused := unpinning()[name]
	if name == "user" && w.bindsUsers() {
		refused = false
	}
	if !refused && (name == "as" || strings.HasPrefix(name, "as-")) {
		reason, refused = unpinsIdentity, true
	}
	if refused {
		return name, &UnpinError{Flag: "--" + name, Given: arg, Reason: reason}
	}
	return name, nil
}

// bindsUsers reports whether the subcommand has a --user of its own.
func (w *words) bindsUsers() bool {
	return len(w.operands) > 1 && (w.operands[0] == "create" && strings.HasSuffix(w.operands[1], "rolebinding") ||
		w.operands[0] == "set" && w.operands[1] == "subject")
}

func normal(name string) string { return strings.ReplaceAll(name, "_", "-") }

// short judges flags of one letter, which may stand together: -An, -nfoo, -itn=foo.
// One that takes a value has the rest of the argument, or the next one.
func (w *words) short(arg string) (consumes bool, err error) {
	for i := 1; i < len(arg); i++ {
		letter := arg[i]
		w.flags = append(w.flags, string(letter))
		if long, refused := unpinningShorthands()[letter]; refused {
			return false, &UnpinError{Flag: "--" + long, Given: arg, Reason: unpinning()[long]}
		}
		if i+1 < len(arg) && arg[i+1] == '=' {
			return false, nil
		}
		if w.letterTakesValue(letter) {
			return i+1 == len(arg), nil
		}
	}
	return false, nil
}

// letterTakesValue reports whether a flag of one letter takes a value. Where it
// depends on the subcommand the answer is no unless that is known.
func (w *words) letterTakesValue(letter byte) bool {
	switch letter {
	case 'o', 'l', 'L', 'k', 'c', 'v':
		return true
	case 'f', 'p': // follow and previous, of logs
		isOfLogs := slices.Contains(w.args, "logs") || slices.Contains(w.args, "log")
		return len(w.operands) > 0 && !isOfLogs && (letter == 'f' || w.operands[0] == "patch")
	case 'e': // of set env
		return len(w.operands) > 1 && w.operands[0] == "set"
	}
	return false
}

// remote is how cp names a file in a pod of some namespace.
var remote = regexp.MustCompile(`^([a-z0-9][a-z0-9-]*)/[a-z0-9][a-z0-9.-]*:`)

// checkOperands refuses subcommands that change the kubeconfig or kuberc, and copies
// from and to other namespaces. Behind a flag that nobody here knows, what looks
// like the first operand may be its value.
func (w *words) checkOperands() error {
	harmless := []string{"view", "current-context", "get-contexts", "get-clusters", "get-users", "help"}
	for i, word := range w.operands {
		if found := remote.FindStringSubmatch(word); found != nil && slices.Contains(w.operands[:i], "cp") && found[1] != w.namespace {
			return &UnpinError{Flag: word, Given: word, Reason: unpinsPlace}
		}
		if word != "config" && word != "kuberc" || i+1 == len(w.operands) {
			continue
		}
		subcommand := w.operands[i+1]
		isSubcommand := i == 0 || i == 1 && w.operands[0] == "alpha"
		if isSubcommand && !slices.Contains(harmless, subcommand) || changesKubeconfig.MatchString(subcommand) {
			given := word + " " + subcommand
			return &UnpinError{Flag: given, Given: given, Reason: changesConfig}
		}
	}
	return nil
}

var changesKubeconfig = regexp.MustCompile(`^(use|use-context|set|unset|set-.+|delete-.+|rename-.+)$`)
