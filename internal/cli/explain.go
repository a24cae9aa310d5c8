package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/noise"
	"github.com/skycap/skycap/internal/pipeline"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/secret"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/ssh"
	"github.com/skycap/skycap/internal/target/kubernetes"
	"github.com/skycap/skycap/pkg/skycap"
)

// explanation is what is said of an error.
type explanation struct {
	word    skycap.Word
	message string
	hints   []string
}

// explain turns an error into an exit code and the next commands to type. Of
// joined errors each adds its hint, and one of usage makes all of usage.
func (s *session) explain(command *cobra.Command, err error) explanation {
	if err == nil {
		return explanation{word: skycap.ResultOK}
	}
	explained := explanation{word: skycap.ResultFailed, message: err.Error()}
	if errors.Is(err, context.Canceled) {
		explained.word, explained.message = skycap.ResultInterrupted, s.interruption()
		return explained
	}
	if !s.parsed {
		explained.word = skycap.ResultUsage
		explained.hints = append(explained.hints, usageHints(command, s.args)...)
	}
	for _, leaf := range leaves(err) {
		usage, hint := s.advise(leaf)
		if isLocked(leaf) {
			explained.word = skycap.ResultLocked
		}
		if isPartial(leaf) {
			explained.word = skycap.ResultPartial
		}
		if usage {
			explained.word = skycap.ResultUsage
		}
		if hint != "" && !slices.Contains(explained.hints, hint) {
			explained.hints = append(explained.hints, hint)
		}
	}
	return explained
}

// interruption says in what state each service was left.
func (s *session) interruption() string {
	states := []string{"nothing was changed"}
	if len(s.result.Images) > 0 {
		return "interrupted: " + imagesOf(s.result)
	}
	if s.result.Changed {
		states = []string{"the lock is free"}
		for _, service := range s.result.Services {
			states = append(states, fmt.Sprintf("service %s%s is %s", quoted(service.Service), s.where(service), stateOf(service)))
		}
	}
	return "interrupted: " + strings.Join(states, ", ")
}

// where names the target of a service, where the release is in two kinds of them.
func (s *session) where(service skycap.ServiceResult) string {
	isElsewhere := func(other skycap.ServiceResult) bool { return other.Target != service.Target }
	if !slices.ContainsFunc(s.result.Services, isElsewhere) {
		return ""
	}
	return map[skycap.Target]string{skycap.TargetKubernetes: " in Kubernetes", skycap.TargetHosts: " on hosts"}[service.Target]
}

func stateOf(service skycap.ServiceResult) string {
	switch {
	case service.State == "":
		return "as it was before"
	case service.Result == skycap.ResultPartial:
		return string(service.State) + ", changed in part"
	}
	return string(service.State)
}

// leaves are the errors that were joined, each with what was wrapped around it.
func leaves(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if _, isOne := err.(*ssh.HostKeysError); !ok || isOne { //nolint:errorlint // what is wrapped is taken apart below
		return []error{err}
	}
	var found []error
	for _, inner := range joined.Unwrap() {
		found = append(found, leaves(inner)...)
	}
	return found
}

func usageHints(command *cobra.Command, args []string) []string {
	hints := []string{"to see how it is used: " + command.CommandPath() + " --help"}
	for _, arg := range args {
		if len(arg) > 1 && arg[0] == '-' && strings.Trim(arg[1:], "0123456789abcdef") == "" {
			hints = append(hints, "a revision can't begin with a dash: it would be taken for a flag")
		}
	}
	return hints
}

func quoted(text string) string { return strconv.Quote(text) }

// advise tells whether an error is one of usage, and what to type next.
func (s *session) advise(err error) (usage bool, hint string) {
	if usage, hint := s.adviseOnUse(err); usage {
		return true, hint
	}
	for _, advise := range []func(error) string{s.adviseOnLocks, s.adviseOnOperating, s.adviseOnImages, s.adviseOnBuild, s.adviseOnSource, s.adviseOnContent, s.adviseOnHosts, s.adviseOnTarget} {
		if hint := advise(err); hint != "" {
			return false, hint
		}
	}
	return false, ""
}

// adviseOnUse knows the errors of the command line and of skycap.yaml.
func (s *session) adviseOnUse(err error) (usage bool, hint string) {
	var (
		faults      settings.Faults
		value       *settings.ValueError
		missing     *settings.NotFoundError
		unknown     *settings.UnknownError
		nowhere     *settings.NoPlaceError
		two         *settings.TwoPlacesError
		name        *revision.NameError
		unconfirmed *unconfirmedError
		wrong       *usageError
		unused      *manifest.UnusedImageError
		left        *leftError
		elsewhere   *action.ElsewhereError
		address     *revision.AddressError
		none        *revision.NoRepositoryError
		unpinned    *kubectl.UnpinError
		rule        *noise.RuleError
		imageless   *action.NoImageError
		shared      *action.SharedImageError
		exists      *pipeline.ExistsError
	)
	switch {
	case errors.As(err, &faults):
		return true, "correct the file; nothing was changed"
	case errors.As(err, &missing):
		return true, "skycap.yaml lies at the root of the repository; to work elsewhere: skycap -C <folder> …"
	case errors.As(err, &unknown) && unknown.Nearest != "":
		return true, "did you mean: " + commandLine(replaced(s.args, unknown.Name, unknown.Nearest))
	case errors.As(err, &unknown):
		return true, fmt.Sprintf("skycap.yaml knows %s", strings.Join(unknown.Known, ", "))
	case errors.As(err, &nowhere), errors.As(err, &two):
		return true, "add the place to skycap.yaml, or name other services"
	case errors.As(err, &unpinned):
		return true, "leave it out: each environment has its own context and namespace; for anything else, run kubectl itself"
	case errors.As(err, &rule):
		return true, "correct noise in " + quoted(settings.UserFile())
	case errors.As(err, &imageless):
		return true, "name it in skycap.yaml: services.<service>.image"
	case errors.As(err, &shared):
		return true, "give one of them another image, or both the same build, in skycap.yaml"
	case errors.As(err, &exists):
		return true, "to see what is to be added to it: " + s.again("--print")
	case errors.As(err, &address), errors.As(err, &none) && none.Named:
		return true, "correct revision.repository in skycap.yaml: a path, or a URL such as https://hg.example.com/shop"
	case errors.As(err, &elsewhere):
		return true, "go to a checkout whose skycap.yaml has that service, or name other services"
	case errors.As(err, &name):
		return true, "name a commit by hash, tag, bookmark or branch: skycap resolve tip"
	case errors.As(err, &unconfirmed):
		return true, "to confirm: " + s.again("--yes")
	case errors.As(err, &left):
		return true, "to deploy it all the same: " + s.again("--yes")
	case errors.Is(err, errDeclined):
		return true, "nothing was changed"
	case errors.As(err, &unused):
		return true, "name the image of a container in services." + unused.Service + ".image"
	case errors.As(err, &value), errors.As(err, &wrong):
		return true, "to see what there is: skycap --help"
	}
	return false, ""
}

// replaced is a list of words with one word for another.
func replaced(args []string, word, other string) []string {
	words := slices.Clone(args)
	for i := range words {
		if words[i] == word {
			words[i] = other
		}
	}
	return words
}

// again is the command line that was typed, with another flag, or with another value of it.
func (s *session) again(flag string, value ...string) string {
	args := slices.Clone(s.args)
	if at := slices.Index(args, flag); at >= 0 && len(value) > 0 {
		args = slices.Delete(args, at, min(at+2, len(args)))
	}
	args = slices.DeleteFunc(args, func(arg string) bool { return strings.HasPrefix(arg, flag+"=") })
	return commandLine(append(append(args, flag), value...))
}

func commandLine(args []string) string {
	return run.Command{Name: "skycap", Args: args}.String()
}

// adviseOnContent knows the errors of what a revision holds.
func (s *session) adviseOnContent(err error) string {
	var (
		file   *config.Fault
		object *manifest.Fault
		base   *manifest.RemoteError
		scope  *kubernetes.ScopeError
		gone   *kubernetes.SecretError
		unsafe *archive.PathError
		sealed *secret.UndecryptableError
	)
	switch {
	case errors.As(err, &sealed) && sealed.Sops:
		return "sops decrypts it with your own keys: is it installed, and do you have one? sops --decrypt <file>"
	case errors.As(err, &sealed) && sealed.Passphrase:
		return "encrypt it for the identities of those who deploy: age --encrypt --recipient <age1…> <file>"
	case errors.As(err, &sealed):
		return "name the file with your identity in identities of " + quoted(settings.UserFile()) +
			", or have the secret encrypted for you too: age-keygen -y <file>"
	case errors.As(err, &unsafe):
		return "rename it in the repository, or correct config.path in skycap.yaml"
	case errors.As(err, &file):
		return "correct the file and commit it; to see what is rendered: skycap config render <rev> <env>"
	case errors.As(err, &object):
		return "correct the manifest and commit it; to see all objects: skycap config render <rev> <env> --manifests"
	case errors.As(err, &base):
		return "copy the base into the repository, or allow it: services.<service>.kubernetes.allow: [" + manifest.AllowRemoteBases + "]"
	case errors.As(err, &gone):
		return "make it again with its values, or deploy the revision, which has them"
	case errors.As(err, &scope):
		return "to allow it: services." + scope.Service + ".kubernetes.allow: [" + manifest.AllowClusterScoped + "]"
	}
	return ""
}

// exitCodes is the part of a command's help that scripts need.
func exitCodes() string {
	return "Exit codes: 0 done and healthy, or nothing to do; 1 failed, nothing changed; 2 usage; 3 changed,\n" +
		"but not healthy; 4 some targets, hosts or objects were changed, others not; 5 locked or frozen;\n" +
		"6 failed, and the former release was put back; 130 interrupted."
}
