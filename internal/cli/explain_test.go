package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/builder"
	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/noise"
	"github.com/skycap/skycap/internal/pipeline"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/secret"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/ssh"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/internal/target/hosts"
	"github.com/skycap/skycap/internal/target/kubernetes"
	"github.com/skycap/skycap/pkg/skycap"
)

// typed are the typed errors of our packages, with their exit code and a part of their hint.
func typed() []struct {
	err  error
	code int
	hint string
} {
	const hash = "3f2c1a9b8d703f2c1a9b8d703f2c1a9b8d703f2c"
	one, two := ssh.Host{Address: "h1"}, ssh.Host{Address: "h2", User: "deploy"}
	return []struct {
		err  error
		code int
		hint string
	}{
		{settings.Faults{{File: "skycap.yaml", Line: 3, Message: "is missing"}}, 2, "correct the file"},
		{&settings.ValueError{Source: "--output", Value: "yaml", Want: "text or json"}, 2, "skycap --help"},
		{&settings.NotFoundError{}, 2, "skycap -C"},
		{&settings.UnknownError{Kind: "environment", Name: "stagin", Nearest: "staging"}, 2, "did you mean: skycap deploy tip staging"},
		{&settings.UnknownError{Kind: "environment", Name: "moon", Known: []string{"a", "b"}}, 2, "skycap.yaml knows a, b"},
		{&settings.NoPlaceError{Service: "web", Environment: "staging"}, 2, "skycap.yaml"},
		{&settings.TwoPlacesError{Service: "web", Environment: "staging"}, 2, "skycap.yaml"},
		{&secret.UndecryptableError{Path: "s/a.age"}, 1, "age-keygen -y <file>"},
		{&secret.UndecryptableError{Path: "s/a.age", Passphrase: true}, 1, "age --encrypt --recipient"},
		{&secret.UndecryptableError{Path: "s/a.yaml", Sops: true}, 1, "sops --decrypt"},
		{&revision.NameError{Name: "-x", Rule: "begins with a dash"}, 2, "skycap resolve tip"},
		{&unconfirmedError{"production"}, 2, "skycap deploy tip stagin --yes"},
		{errDeclined, 2, "nothing was changed"},
		{&kubectl.UnpinError{Flag: "--context", Given: "--context=x"}, 2, "leave it out"},
		{&noise.RuleError{ID: "x", Problem: "needs an id"}, 2, "skycap/settings.yaml"},
		{&usageError{"skycap deploy needs <rev>"}, 2, "skycap --help"},
		{&manifest.UnusedImageError{Service: "web"}, 2, "services.web.image"},
		{&action.NoImageError{Service: "web"}, 2, "services.<service>.image"},
		{&action.SharedImageError{One: "web", Other: "api"}, 2, "skycap.yaml"},
		{&action.NoDockerfileError{Service: "web"}, 1, "services.web.build.dockerfile"},
		{&pipeline.ExistsError{Path: ".gitlab-ci.yml"}, 2, "skycap deploy tip stagin --print"},
		{&builder.NoneError{Tried: []builder.Tried{{Name: "docker", Why: "not on PATH"}}}, 1, "apt-get install buildah"},
		{&builder.NoneError{Tried: []builder.Tried{{Name: "docker", Why: "no daemon"}}}, 1, "start what docker needs"},
		{&builder.FailedError{Builder: "docker", Reference: "registry.example.com/web:1", Push: true}, 1, "docker login registry.example.com"},
		{&builder.FailedError{Builder: "docker", Reference: "web:1"}, 1, "correct what the step needs"},
		{&run.TimeoutError{Command: run.Command{Name: "buildah"}, After: 10 * time.Minute}, 1, "skycap deploy tip stagin --timeout 20m0s"},
		{&revision.UnknownError{Name: "x", Repository: "/repo"}, 1, "hg pull or git fetch"},
		{&revision.UnknownError{Name: "x", Repository: "https://hg.example.com/shop"}, 1, "hg push, or git push"},
		{&revision.UnknownError{Name: "x", Repository: "/repo", Detail: "unknown revision 'x'"}, 1, "git fetch; revsetalias in your hgrc doesn't count"},
		{&revision.CopyError{URL: "https://hg.example.com/shop"}, 1, "XDG_CACHE_HOME"},
		{&revision.LargefilesError{Paths: []string{"logo"}}, 1, `hg add --normal "logo"`},
		{&revision.ChatterError{Said: "hello"}, 1, "hg config extensions hooks"},
		{&revision.NoRepositoryError{Dir: "/repo", Named: true}, 2, "correct revision.repository"},
		{&revision.UnknownError{Name: "x", Repository: "/repo", Shallow: true}, 1, `"/repo" is a shallow clone, which lacks what is older: git fetch --unshallow`},
		{&revision.RemoteError{URL: "https://hg.example.com/shop", Kind: revision.Mercurial}, 1, "may you read it? hg identify https://hg.example.com/shop"},
		{&revision.RemoteError{URL: "https://example.com/shop", Kind: revision.Git}, 1, "may you read it? git ls-remote https://example.com/shop"},
		{&revision.RemoteError{URL: "https://hg.example.com/shop", Kind: revision.Mercurial, Detail: "authorization failed"}, 1, "[auth] of your hgrc"},
		{&revision.RemoteError{URL: "https://example.com/shop", Kind: revision.Git, Detail: "Authentication failed for 'https://example.com/shop/'"}, 1, "a credential helper of git"},
		{&revision.RemoteError{URL: "https://example.com/shop", Kind: revision.Git, Detail: "could not read Username for 'https://example.com'"}, 1, "a credential helper of git"},
		{&revision.RemoteError{URL: "file:///shop", Kind: revision.Git, Detail: "could not fetch d00491f from promisor remote"}, 1, "take the repository that it was cloned from"},
		{&revision.AddressError{Address: "ext::sh"}, 2, "correct revision.repository"},
		{&revision.AmbiguousError{Name: "3", Candidates: []revision.Revision{{ID: hash}}}, 1, "skycap resolve 3f2c1a9b8d70"},
		{&revision.HiddenError{Name: "tip", Revision: revision.Revision{Successors: []string{hash}}}, 1, "skycap deploy " + hash + " stagin"},
		{&revision.HiddenError{Name: "tip", Revision: revision.Revision{ID: hash}}, 1, "hg log --hidden --rev 3f2c1a9b8d70"},
		{&revision.SeveralError{Name: "all()"}, 1, `skycap resolve "last(all())"`},
		{&revision.NoRepositoryError{Dir: "/repo"}, 1, "hg clone"},
		{&revision.SubrepositoryError{Kind: revision.Git, Paths: []string{"lib"}}, 1, `git rm --cached "lib"`},
		{&revision.SubrepositoryError{Kind: revision.Mercurial, Paths: []string{"lib"}}, 1, `from .hgsub, then hg add "lib"`},
		{&image.NotFoundError{Image: "web:x"}, 1, "skycap deploy tip stagin --wait-image 10m"},
		{&image.DeniedError{Registry: "registry.example.com"}, 1, "docker login registry.example.com"},
		{&image.DeniedError{Registry: "registry.example.com", LetIn: true}, 1, "not there yet: has the CI job pushed it?"},
		{&image.UnreachableError{Registry: "registry.example.com", Err: errors.New("x")}, 1, "curl https://registry.example.com/v2/"},
		{&image.UnreachableError{Registry: "localhost:5000", Err: errors.New("x")}, 1, "curl http://localhost:5000/v2/"},
		{&image.OverdueError{Tag: "3f2c", After: 10 * time.Minute, Err: &image.NotFoundError{}}, 1,
			`look at the CI job that pushes tag "3f2c"; to wait longer: skycap deploy tip stagin --wait-image 20m0s`},
		{&image.OverdueError{Tag: "3f2c", After: time.Minute, Err: &image.UnreachableError{Registry: "r:1", Err: errors.New("x")}}, 1,
			`"3f2c"; is the registry up, and is this its address? curl https://r:1/v2/; to wait longer`},
		{&image.NotImageError{Image: "web:x"}, 1, "push an image under that tag"},
		{&image.TagError{Tag: "a b"}, 1, "revision.tag"},
		{&image.UnlabelledError{}, 1, "{{ .Short }}"},
		{&image.UntrustedError{Host: "r:1", UnknownIssuer: true}, 1, "/etc/docker/certs.d/r:1/ca.crt or ~/.config/containers/certs.d/r:1/ca.crt"},
		{&image.UntrustedError{Host: "r:1"}, 1, "curl --verbose https://r:1/v2/"},
		{&image.PlainError{Registry: "r:1"}, 1, "/etc/docker/certs.d/r:1/ca.crt"},
		{&image.CertificateFileError{Path: "ca.crt", Err: errors.New("x")}, 1, "certificate in PEM"},
		{&image.AuthFileError{Path: "config.json", Err: errors.New("x")}, 1, "docker login"},
		{&image.HelperError{Program: "docker-credential-x", Server: "r", Err: errors.New("x")}, 1, "echo r | docker-credential-x get"},
		{&image.HelperError{Program: "docker-credential-x", File: "config.json", Err: &run.NotFoundError{Name: "docker-credential-x"}}, 1,
			`install docker-credential-x, or take it out of "config.json"`},
		{&kubernetes.PlatformError{Platforms: []image.Platform{{OS: "linux", Architecture: "arm64"}}, Nodes: []image.Platform{{OS: "linux", Architecture: "amd64"}}}, 1,
			"build it for linux/amd64"},
		{&image.MismatchError{Revision: revision.Revision{ID: hash}}, 1, "3f2c1a9b8d70"},
		{&run.NotFoundError{Name: "hg"}, 1, "mercurial"},
		{&run.NotFoundError{Name: "git"}, 1, "apt-get install git"},
		{&run.NotFoundError{Name: "kubectl"}, 1, "kubernetes.io"},
		{&kubernetes.OwnerError{Object: "x"}, 1, "skycap deploy tip stagin --adopt"},
		{&kubernetes.OwnerError{Object: "x", App: "other"}, 1, "another name"},
		{&kubernetes.NotDeployedError{Service: "web", Environment: "staging"}, 1, "skycap status staging"},
		{&kubernetes.ClusterError{Context: "prod"}, 1, "kubectl config get-contexts prod"},
		{&kubectl.Error{Reason: kubectl.NoContext}, 1, "kubectl config get-contexts"},
		{&kubectl.Error{Reason: kubectl.Kubeconfig}, 1, "kubectl config view"},
		{&kubectl.Error{Reason: kubectl.Skew}, 1, "kubectl version; skycap works with 1.27 to 1.37"},
		{&kubectl.Error{Reason: kubectl.Unreachable}, 1, "cluster-info"},
		{&kubectl.Error{Reason: kubectl.Certificate}, 1, "cluster-info"},
		{&kubectl.Error{Reason: kubectl.Timeout}, 1, "the same command"},
		{&kubectl.Error{Reason: kubectl.Unauthorized, Context: "prod"}, 1, "kubectl --context=prod --namespace= auth whoami"},
		{&kubectl.Error{Reason: kubectl.Forbidden}, 1, "auth can-i --list"},
		{&kubectl.Error{Reason: kubectl.NoNamespace, Namespace: "shop"}, 1, "create namespace"},
		{&kubectl.Error{Reason: kubectl.Terminating, Namespace: "shop"}, 1, "get namespace shop"},
		{&kubectl.Error{Reason: kubectl.NotFound}, 1, "get all"},
		{&kubectl.Error{Reason: kubectl.Exists}, 1, "get all"},
		{&kubectl.Error{Reason: kubectl.Conflict}, 1, "--conflicts take"},
		{&kubectl.Error{Reason: kubectl.Stale}, 1, "the same command"},
		{&kubectl.Error{Reason: kubectl.NoKind}, 1, "api-resources"},
		{&kubectl.Error{Reason: kubectl.Invalid}, 1, "correct the manifests"},
		{&kubectl.Error{Reason: kubectl.Invalid, Faults: []kubectl.Fault{{Object: `Service "web"`, Field: "spec.ports[0].port"}}}, 1, `correct Service "web" spec.ports[0].port in`},
		{&kubectl.Error{Reason: kubectl.Denied}, 1, "get validatingadmissionpolicies"},
		{&kubectl.Error{Reason: kubectl.Quota}, 1, "describe resourcequota"},
		{&kubectl.Error{Reason: kubectl.Throttled}, 1, "the same command"},
		{&kubectl.Error{Reason: kubectl.Unavailable}, 1, "/readyz"},
		{&kubectl.Error{Reason: kubectl.APIDown, API: "metrics.k8s.io/v1beta1"}, 1, "get apiservice v1beta1.metrics.k8s.io"},
		{&kubectl.Error{Reason: kubectl.Webhook}, 1, "get validatingwebhookconfigurations"},
		{&kubectl.Error{Reason: kubectl.Other}, 1, "get events"},
		{&target.LockedError{Service: "web", Environment: "staging"}, 5, "skycap deploy tip stagin --lock-wait 10m; to watch it: skycap attach staging"},
		{&target.FrozenError{Environment: "staging", Why: "upgrade"}, 5, "skycap unlock staging; to pass it, which is recorded: skycap deploy tip stagin --override why"},
		{&target.LostError{Environment: "staging"}, 1, "skycap attach staging"},
		{&target.JobError{Service: "web", Job: "migrate-r3", Phase: target.PreDeploy}, 1, "skycap rollback"},
		{&release.NoWayBackError{Environment: "staging", Service: "web"}, 1, "skycap history staging"},
		{&action.MovedError{Environment: "staging", Service: "web"}, 1, "environments.staging.services.web.target"},
		{&action.NoReleaseError{Environment: "staging"}, 1, "skycap deploy <rev> staging"},
		{&action.ConflictsError{Changes: []skycap.ObjectChange{{Fields: []skycap.FieldChange{{Path: "a"}}}}}, 1, "--conflicts take"},
		{&action.CutOffError{Release: 3, Revision: hash, Environment: "staging"}, 1, "skycap deploy 3f2c1a9b8d70 staging"},
		{&action.CutOffError{Release: 3, Environment: "staging", Rollback: true}, 1, "skycap rollback staging"},
		{&target.NoInstanceError{Service: "web", Environment: "staging"}, 1, "skycap status staging web"},
		{&target.NoInstanceError{Service: "web", Environment: "staging", Known: []string{"web-1", "web-2"}}, 1, "web-1, web-2; to choose one: --instance web-1"},
		{&target.NoInstanceError{Service: "web", Environment: "staging", Instance: "stagin", Known: []string{"staging"}}, 1, "did you mean: skycap deploy tip staging"},
		{&kubernetes.StopError{Service: "web", Kind: "DaemonSet", Name: "agent"}, 1, "skycap stop <env> <service>"},
		{&action.UnstoppedError{Environment: "staging", Services: []skycap.ServiceResult{{Service: "web"}}}, 1, "skycap status staging"},
		{&ssh.NameError{What: "host", Name: "-o"}, 1, "skycap.yaml"},
		{&ssh.HostKeysError{Keys: []*ssh.HostKeyError{{Host: one}, {Host: two}}}, 1, "skycap deploy tip stagin --accept-new-host-keys; to accept one: ssh h1"},
		{&ssh.HostKeyError{Host: one}, 1, "--accept-new-host-keys; to accept one: ssh h1"},
		{&ssh.HostKeyError{Host: two, Changed: true, Known: "/home/ann/.ssh/known_hosts:7"}, 1, `made "h2" anew, remove the old keys`},
		{&ssh.HostKeyError{Host: two, Jump: "bastion", Changed: true}, 1, `made "bastion" anew`},
		{&ssh.AuthError{Host: two}, 1, "ssh deploy@h2"},
		{&ssh.UnreachableError{Host: one}, 1, "is it up? ssh h1"},
		{&ssh.UnreachableError{Host: one, Lost: true}, 1, "ssh h1"},
		{&ssh.UnreachableError{Host: one, Limit: "MaxStartups"}, 1, "raise MaxStartups"},
		{&ssh.UnreachableError{Host: one, Limit: "PerSourcePenalties"}, 1, "see PerSourcePenalties"},
		{&ssh.UnknownError{Host: one}, 1, "the same command finds out"},
		{&ssh.TimeoutError{Host: one}, 1, "ssh h1"},
		{&ssh.ShellError{Host: one}, 1, "login shell"},
		{&ssh.ShellError{Host: one, Missing: []string{"flock"}}, 1, "install them"},
		{&run.NotFoundError{Name: "ssh"}, 1, "openssh-client"},
		{&hosts.Fault{Host: "h1", Fix: "in sudoers: ann ALL=(root) NOPASSWD: x"}, 1, "in sudoers: ann ALL=(root) NOPASSWD: x"},
		{&hosts.HostError{Host: "h1", Step: "stage"}, 1, "to look there: ssh h1"},
		{&hosts.NotDeployedError{Service: "web", Environment: "staging"}, 1, "skycap status staging"},
		{&hosts.NoRecordError{Number: 3, Environment: "staging"}, 1, "skycap history staging"},
		{&hosts.UnitError{Service: "web"}, 1, "services.web.hosts"},
		{&hosts.UnknownHostError{Host: "h", Known: []string{"h1", "h2"}}, 1, "h1, h2"},
		{&kubernetes.SecretError{Object: "x"}, 1, "deploy the revision"},
		{&action.ElsewhereError{Service: "web", Environment: "staging", Target: skycap.TargetHosts}, 2, "skycap.yaml"},
		{&archive.PathError{Path: "a//b", Rule: "is not clean"}, 1, "config.path"},
		{&action.PartialError{Release: 4, Services: []skycap.ServiceResult{{Service: "worker", Cause: "it crashes"}}}, 1, "skycap status"},
		{&target.PartialError{Changed: []skycap.Target{skycap.TargetKubernetes}, Failed: skycap.TargetHosts, Err: errors.New("x")}, 4, "the same command"},
		{&target.PartialError{Failed: skycap.TargetHosts, Err: &run.NotFoundError{Name: "hg"}}, 4, "mercurial"},
		{&leftError{"it was left"}, 2, "skycap deploy tip stagin --yes"},
		{&action.UnhealthyError{Release: 4, Services: []skycap.ServiceResult{{Service: "web", Cause: "it crashes"}}}, 1, "skycap status"},
	}
}

func explained(err error) explanation {
	s := &session{args: []string{"deploy", "tip", "stagin"}, parsed: true, user: &settings.User{}}
	return s.explain(&cobra.Command{Use: "deploy"}, err)
}

func TestEveryErrorHasAHintAndAnExitCode(t *testing.T) {
	t.Parallel()
	for _, test := range typed() {
		for _, err := range []error{test.err, fmt.Errorf("while it was tried: %w", test.err)} {
			got := explained(err)
			assert.Equal(t, test.code, got.word.ExitCode(), "%T", test.err)
			assert.Contains(t, strings.Join(got.hints, "\n"), test.hint, "%T", test.err)
			assert.Equal(t, err.Error(), got.message)
		}
	}
}

func TestJoinedErrorsAddTheirHints(t *testing.T) {
	t.Parallel()
	notFound := &image.NotFoundError{Image: "web:x"}
	got := explained(errors.Join(notFound, errors.Join(notFound, &image.DeniedError{Registry: "r"})))
	assert.Equal(t, skycap.ResultFailed, got.word)
	assert.Equal(t, []string{
		"its build may not have finished; to wait for it: skycap deploy tip stagin --wait-image 10m",
		"to log in: docker login r",
	}, got.hints, "each once")
	assert.Equal(t, skycap.ResultUsage, explained(errors.Join(notFound, errDeclined)).word, "one of usage makes all of usage")
}

func TestAFlagIsGivenOnce(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"deploy tip staging":                         "skycap deploy tip staging --wait-image 20m",
		"deploy tip --wait-image 10m staging":        "skycap deploy tip staging --wait-image 20m",
		"deploy tip --wait-image=10m staging --yes":  "skycap deploy tip staging --yes --wait-image 20m",
		"deploy tip staging --yes --wait-image":      "skycap deploy tip staging --yes --wait-image 20m",
		"deploy tip staging --wait 2m --wait-images": "skycap deploy tip staging --wait 2m --wait-images --wait-image 20m",
	} {
		s := &session{args: strings.Fields(typed)}
		assert.Equal(t, want, s.again("--wait-image", "20m"))
	}
	assert.Equal(t, "skycap up --yes", (&session{args: []string{"up"}}).again("--yes"))
}

func TestInterruption(t *testing.T) {
	t.Parallel()
	got := explained(fmt.Errorf("applying: %w", context.Canceled))
	assert.Equal(t, 130, got.word.ExitCode())
	assert.Equal(t, "interrupted: nothing was changed", got.message)

	s := &session{parsed: true, result: skycap.Result{Changed: true, Services: []skycap.ServiceResult{
		{Service: "api", State: skycap.StateHealthy}, {Service: "web", State: skycap.StateProgressing},
	}}}
	assert.Equal(t, `interrupted: the lock is free, service "api" is healthy, service "web" is progressing`, s.explain(&cobra.Command{}, context.Canceled).message)

	s.result.Services = []skycap.ServiceResult{
		{Service: "web", Target: skycap.TargetKubernetes, State: skycap.StateHealthy},
		{Service: "web", Target: skycap.TargetHosts, State: skycap.StateProgressing, Result: skycap.ResultPartial},
		{Service: "worker", Target: skycap.TargetHosts, Result: skycap.ResultFailed},
	}
	assert.Equal(t, `interrupted: the lock is free, service "web" in Kubernetes is healthy, `+
		`service "web" on hosts is progressing, changed in part, service "worker" on hosts is as it was before`,
		s.explain(&cobra.Command{}, context.Canceled).message)
}

func TestNoErrorIsOK(t *testing.T) {
	t.Parallel()
	assert.Equal(t, explanation{word: skycap.ResultOK}, explained(nil))
}

func TestACommandLineThatIsNotUnderstoodIsUsage(t *testing.T) {
	t.Parallel()
	s := &session{args: []string{"deploy", "-3f2c"}}
	got := s.explain(&cobra.Command{Use: "skycap"}, errors.New("unknown shorthand flag"))
	assert.Equal(t, 2, got.word.ExitCode())
	assert.Equal(t, []string{
		"to see how it is used: skycap --help", "a revision can't begin with a dash: it would be taken for a flag",
	}, got.hints)
}

func TestAsksForJSON(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"-o json": true, "--output json": true, "-ojson": true, "-o=json": true, "--output=json": true,
		"-o text": false, "": false, "-o": false, "deploy json": false,
	} {
		assert.Equal(t, want, asksForJSON(strings.Fields(line), func(string) string { return "" }), line)
	}
	variable := func(name string) string { return map[string]string{"SKYCAP_OUTPUT": "json"}[name] }
	assert.True(t, asksForJSON(nil, variable))
	assert.False(t, asksForJSON([]string{"-o", "text"}, variable), "the flag beats the variable")
}
