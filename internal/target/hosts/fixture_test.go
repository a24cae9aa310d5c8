package hosts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/ssh"
	"github.com/skycap/skycap/internal/ssh/sshtest"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// site is hosts for a test: each a real sshd whose sessions see a folder of their
// own where the service is deployed to.
type site struct {
	t       *testing.T
	root    string // what the service calls deploy_to
	folders map[string]string
	aliases []sshtest.Alias
	config  string
	warned  *list
}

// list is lines that may come from several goroutines.
type list struct {
	mutex sync.Mutex
	lines []string
}

func (l *list) add(line string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.lines = append(l.lines, line)
}

func (l *list) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return strings.Join(l.lines, "\n")
}

// newSite starts so many hosts, named h1, h2 and so on. Lines are of sshd_config.
// Beside its folder, a host may have a script "mounts" that each session begins with.
func newSite(t *testing.T, count int, lines ...string) *site {
	t.Helper()
	var names []string
	for i := range count {
		names = append(names, fmt.Sprintf("h%d", i+1))
	}
	started := sshtest.StartSite(t, names, lines...)
	s := &site{t: t, root: filepath.Join(started.Place, "app"), folders: map[string]string{}, aliases: started.Aliases, warned: &list{}}
	for name, folder := range started.Folders {
		s.folders[name] = filepath.Join(folder, "app")
	}
	s.config = sshtest.Config(t, s.aliases...)
	return s
}

func (s *site) names() []string {
	var names []string
	for _, alias := range s.aliases {
		names = append(names, alias.Name)
	}
	return names
}

func (s *site) hosting() release.Hosting {
	return release.Hosting{DeployTo: s.root, KeepReleases: 5, CheckTimeout: 5 * time.Second}
}

// open makes the target, as a command has it. Batches are the canary and the rest.
func (s *site) open(hosting release.Hosting, maxFailures int) *Hosts {
	s.t.Helper()
	client := &ssh.Client{Runner: run.Local{}, Config: s.config}
	t := Open(Options{
		Client: client, App: "app", Environment: "test", Warn: s.warned.add, Now: time.Now,
		Groups: map[string]Group{"worker": {
			Addresses: s.names(), MaxFailures: maxFailures, Service: hosting,
			Sizes: func(hosts int) []int {
				if hosts < 2 {
					return []int{hosts}
				}
				return []int{1, hosts - 1}
			},
		}},
	})
	s.t.Cleanup(func() { _ = t.Close() })
	return t
}

// source is a tree, and the trees of other revisions.
type source struct {
	tree  revision.Tree
	other map[string]revision.Tree
	asked int
}

func (s *source) Tree() revision.Tree { return s.tree }

func (s *source) Changed(_ context.Context, from string) (changed, removed []string, err error) {
	s.asked++
	before, ok := s.other[from]
	if !ok {
		return nil, nil, fmt.Errorf("no revision %q here", from)
	}
	for _, path := range s.tree.Paths() {
		if was, ok := before[path]; !ok || string(was.Data) != string(s.tree[path].Data) || was.Link != s.tree[path].Link || was.Executable != s.tree[path].Executable {
			changed = append(changed, path)
		}
	}
	for _, path := range before.Paths() {
		if _, ok := s.tree[path]; !ok {
			removed = append(removed, path)
		}
	}
	return changed, removed, nil
}

// commit is a revision with its tree: its hash is a digit repeated.
func commit(digit string, tree revision.Tree, others map[string]revision.Tree) (revision.Revision, *source) {
	id := strings.Repeat(digit, 40)
	composed := revision.Tree{"REVISION": {Data: []byte(id + "\n")}}
	for path, file := range tree {
		composed[path] = file
	}
	return revision.Revision{ID: id, Branch: "default"}, &source{tree: composed, other: others}
}

// releaseOf is a release of the one service.
func (s *site) releaseOf(r revision.Revision, from *source, hosting release.Hosting) *release.Release {
	return &release.Release{
		App: "app", Environment: "test", Kind: release.Deploy, Revision: r, Who: "ann@desk", Time: time.Now(),
		Services: []release.Service{{
			Name: "worker", Target: skycap.TargetHosts,
			Folder: &release.Folder{Manifest: archive.Manifest(from.tree), Branch: r.Branch, Service: hosting, Source: from},
		}},
	}
}

// deployed is how a deploy went.
type deployed struct {
	number     int
	plan       target.Plan
	changed    bool
	assessment rollout.Assessment
	log        list
	err        error // of the step that failed
	failedIn   string
}

func silent(release.Place, string, rollout.Assessment) {}

// deploy does what action does with a target, in its order.
func (s *site) deploy(ctx context.Context, on *Hosts, r *release.Release) (result *deployed) {
	result = &deployed{}
	at := func(step string, err error) bool {
		result.err, result.failedIn = err, step
		return err != nil
	}
	lock, err := on.Lock(ctx, r.Names(), target.Claim{Holder: target.Holder{Who: "ann@desk", Command: "skycap deploy"}})
	if at("lock", err) {
		return result
	}
	defer func() { _ = lock.Unlock() }()
	if result.plan, err = on.Plan(ctx, r, target.Options{}); at("plan", err) || result.plan.Nothing() {
		return result
	}
	if result.number, err = on.Begin(ctx, r, result.plan, 0); at("begin", err) {
		return result
	}
	word := skycap.ResultFailed
	defer func() {
		if err := on.End(context.WithoutCancel(ctx), result.number, word); err != nil && result.err == nil {
			at("end", err)
		}
	}()
	if at("stage", on.Stage(ctx, result.plan, r.Services, func(_, instance, line string) { result.log.add(instance + ": " + line) })) {
		return result
	}
	if result.changed, err = on.Apply(ctx, result.plan, r.Services, silent); at("apply", err) {
		word = skycap.ResultPartial
		return result
	}
	found, err := on.Wait(ctx, r.Services, silent)
	if at("wait", err) {
		return result
	}
	result.assessment = found[r.Services[0].Place()]
	word = skycap.ResultUnhealthy
	if result.assessment.State == skycap.StateHealthy || result.assessment.State == skycap.StateStopped {
		word = skycap.ResultOK
		at("settle", on.Settle(ctx, result.plan, r, result.number))
	}
	return result
}

// read is a file below the folder of a host, or empty.
func (s *site) read(host, path string) string {
	data, err := os.ReadFile(filepath.Join(s.folders[host], path))
	if err != nil {
		return ""
	}
	return string(data)
}

// current is the name of the release folder that is current on a host.
func (s *site) current(host string) string {
	link, err := os.Readlink(filepath.Join(s.folders[host], "current"))
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(link, s.root+"/releases/")
}

// inCurrent is a file of the release that is current on a host.
func (s *site) inCurrent(host, path string) string {
	return s.read(host, filepath.Join("releases", s.current(host), path))
}
