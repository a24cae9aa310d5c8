package cli

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/builder"
	"github.com/skycap/skycap/internal/image"
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

// operator builds everything that an action needs, once.
func (s *session) operator() (*action.Operator, error) {
	file, err := s.settingsFile()
	if err != nil {
		return nil, err
	}
	project, err := settings.Load(file)
	if err != nil {
		return nil, err
	}
	runner := s.runner()
	registry, err := image.Open(runner, os.Getenv)
	if err != nil {
		return nil, err
	}
	return &action.Operator{
		Project: project,
		Repository: func(ctx context.Context) (revision.Repository, error) {
			return s.openRepository(ctx, runner, project, file)
		},
		Registry: registry,
		Builder: func(ctx context.Context, name string) (*builder.Builder, error) {
			return builder.Find(ctx, runner, name)
		},
		Keys: &secret.Keys{Runner: runner, Identities: s.user.IdentityFiles(), Told: s.tellOfPreparing},
		Target: func(ctx context.Context, environment *settings.Environment) (target.Target, error) {
			return s.openTarget(ctx, runner, project, environment)
		},
		Report:   s.report,
		Who:      who(),
		Job:      job(os.Getenv),
		Now:      time.Now,
		Command:  commandLine(s.args),
		Evidence: evidenceFolder(),
	}, nil
}

// runner runs the programs of this command.
func (s *session) runner() run.Local { return run.Local{Started: s.started, Guard: &s.guard} }

// started tells of each program that is started, those who want to know.
func (s *session) started(command run.Command) { s.report.Debug("run " + command.String()) }

// settingsFile is the path of the operator's skycap.yaml.
func (s *session) settingsFile() (string, error) {
	if s.user.Config == "" {
		return settings.Find(filepath.Clean(s.user.Chdir))
	}
	if filepath.IsAbs(s.user.Config) {
		return s.user.Config, nil
	}
	return filepath.Join(s.user.Chdir, s.user.Config), nil
}

// openRepository opens what skycap.yaml names, or else the checkout that holds it.
func (s *session) tellOfPreparing(text string) { s.report.Phase("prepare", text) }

func (s *session) openRepository(
	ctx context.Context, runner run.Runner, project *settings.Project, file string,
) (revision.Repository, error) {
	place, kind := project.Revision.Repository, project.Revision.Type
	if revision.IsAddress(place) {
		if kind == "" {
			return nil, &usageError{"revision.repository is an address; revision.type must say whether that is hg or git"}
		}
		return revision.OpenURL(ctx, revision.Elsewhere{
			Runner: runner, URL: place, Kind: kind, Folder: filepath.Join(cacheFolder(), "repositories"),
			Told: s.tellOfPreparing,
		})
	}
	if filepath.Clean(place) == "." {
		return revision.Open(runner, filepath.Dir(file), kind)
	}
	if !filepath.IsAbs(place) {
		place = filepath.Join(filepath.Dir(file), place)
	}
	return revision.OpenAt(runner, place, kind)
}

// openTarget opens all that services of an environment run in. The namespace comes
// first: then it keeps the records of all.
func (s *session) openTarget(
	ctx context.Context, runner run.Runner, project *settings.Project, environment *settings.Environment,
) (target.Target, error) {
	var parts []target.Part
	if names := namesOn(project, environment, settings.TargetKubernetes); len(names) > 0 {
		namespace, err := s.openNamespace(ctx, runner, project.App, environment)
		if err != nil {
			return nil, err
		}
		parts = append(parts, target.Part{Target: namespace, Kind: skycap.TargetKubernetes, Services: names})
	}
	if names := namesOn(project, environment, settings.TargetHosts); len(names) > 0 {
		hosts := s.openHosts(runner, project, environment, names)
		parts = append(parts, target.Part{Target: hosts, Kind: skycap.TargetHosts, Services: names})
	}
	if len(parts) == 0 {
		return nil, &usageError{fmt.Sprintf("environment %q has a place for none of the services", environment.Name)}
	}
	return target.Join(parts...), nil
}

// namesOn are the names of the services that an environment has in a kind of target.
func namesOn(project *settings.Project, environment *settings.Environment, kind settings.Target) []string {
	var names []string
	for _, service := range project.PlacedIn(environment) {
		if service.Target.Includes(kind) {
			names = append(names, service.Name)
		}
	}
	return names
}

// openHosts makes ready to reach for the hosts of services.
func (s *session) openHosts(runner run.Runner, project *settings.Project, environment *settings.Environment, names []string) target.Target {
	groups := map[string]hosts.Group{}
	for _, name := range names {
		group := environment.Hosts[name]
		groups[name] = hosts.Group{
			Addresses: group.Addresses, User: group.User, Sizes: group.Batch.Sizes, MaxFailures: group.MaxFailures,
			Service: action.HostingOf(project.Services[name]),
		}
	}
	return hosts.Open(hosts.Options{
		Client: s.sshClient(runner), App: project.App, Environment: environment.Name, Groups: groups, Warn: s.report.Warning, Now: time.Now,
	})
}

// sshClient starts ssh as the user wants it.
func (s *session) sshClient(runner run.Runner) *ssh.Client {
	return &ssh.Client{
		Runner: runner, Config: s.user.SSHConfig, AcceptNewHostKeys: s.user.AcceptNewHostKeys,
		Debug: s.report.Debug, Warn: s.report.Warning,
	}
}

func (s *session) openNamespace(
	ctx context.Context, runner run.Runner, app string, environment *settings.Environment,
) (target.Target, error) {
	client, err := s.kubectlClient(runner, environment)
	if err != nil {
		return nil, err
	}
	return kubernetes.Open(ctx, client, app, environment.Name, environment.Kubernetes.Cluster)
}

// evidenceFolder is where what explains failures is saved on this machine.
func evidenceFolder() string { return filepath.Join(cacheFolder(), "evidence") }

// cacheFolder is where skycap keeps what it can do without, on this machine.
func cacheFolder() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "skycap")
}

// job is the address of the CI job that this is, as the CI systems tell it: GitLab,
// Jenkins, Buildkite, CircleCI, Travis, and GitHub in parts.
func job(getenv func(string) string) string {
	for _, name := range []string{"CI_JOB_URL", "BUILD_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "TRAVIS_BUILD_WEB_URL"} {
		if url := getenv(name); url != "" {
			return url
		}
	}
	if run := getenv("GITHUB_RUN_ID"); run != "" {
		return getenv("GITHUB_SERVER_URL") + "/" + getenv("GITHUB_REPOSITORY") + "/actions/runs/" + run
	}
	return ""
}

// who is user@machine, as far as this machine knows.
func who() string {
	name := "unknown"
	if current, err := user.Current(); err == nil {
		name = current.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return name + "@" + host
}
