package hosts

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// capistrano is the real one, with a project of its own that deploys to a site.
type capistrano struct {
	*site
	folder, source string
}

// newCapistrano makes a Mercurial repository and a Capfile that deploys it to the
// site's hosts. The test is skipped where there is no Capistrano, but fails if CI is set.
func newCapistrano(t *testing.T, s *site, keep int) *capistrano {
	t.Helper()
	for _, program := range []string{"cap", "hg"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("CI runs this test: it needs %s", program)
			}
			t.Skipf("needs %s", program)
		}
	}
	c := &capistrano{site: s, folder: t.TempDir(), source: t.TempDir()}
	c.write("Capfile", `
require "capistrano/setup"
require "capistrano/deploy"
require "capistrano/scm/hg"
install_plugin Capistrano::SCM::Hg
`)
	c.write("config/deploy.rb", fmt.Sprintf(`
set :application, "app"
set :repo_url, %q
set :branch, "default"
set :deploy_to, %q
set :keep_releases, %d
set :linked_dirs, %%w[log tmp/pids]
set :format, :simpletext
set :ssh_options, { config: [%q], forward_agent: false }
`, c.source, s.root, keep, s.config))
	var servers strings.Builder
	for _, name := range s.names() {
		fmt.Fprintf(&servers, "server %q, user: \"root\", roles: %%w[app]\n", name)
	}
	c.write("config/deploy/production.rb", servers.String())
	c.run(c.source, "hg", "init")
	return c
}

func (c *capistrano) write(name, text string) {
	c.t.Helper()
	file := filepath.Join(c.folder, name)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(c.t, os.WriteFile(file, []byte(text), 0o600))
}

func (c *capistrano) run(folder, name string, args ...string) string {
	c.t.Helper()
	var out bytes.Buffer
	err := run.Local{}.Run(c.t.Context(), run.Command{
		Name: name, Args: args, Dir: folder, Stdout: &out, Stderr: &out, Timeout: time.Minute,
		Env: []string{"USER=bob", "LOGNAME=bob", "HGUSER=bob", "HGPLAIN=1", "HGRCPATH="},
	})
	require.NoError(c.t, err, out.String())
	return out.String()
}

// cap runs a task of Capistrano.
func (c *capistrano) cap(task string, settings ...string) string {
	c.t.Helper()
	return c.run(c.folder, "cap", append([]string{"production", task}, settings...)...)
}

// deployNext commits a file and lets Capistrano deploy it. It returns the commit's hash.
func (c *capistrano) deployNext(text string) string {
	c.t.Helper()
	require.NoError(c.t, os.WriteFile(filepath.Join(c.source, "a"), []byte(text), 0o600))
	c.run(c.source, "hg", "commit", "--addremove", "--message", text)
	c.cap("deploy")
	return strings.TrimSpace(c.run(c.source, "hg", "log", "--rev", "tip", "--template", "{node}"))
}

// deployAgain lets Capistrano deploy what it has deployed last. It returns the name of
// the release folder.
func (c *capistrano) deployAgain() string {
	c.t.Helper()
	c.cap("deploy")
	return c.current("h1")
}

// ours deploys a tree as skycap does. It returns the name of the release folder.
func (s *site) ours(digit string, hosting release.Hosting) string {
	s.t.Helper()
	rev, from := commit(digit, nil, nil)
	rev.Date = time.Unix(1700000000, 0)
	composed, err := archive.Compose(revision.Tree{"a": {Data: []byte(digit)}}, rev)
	require.NoError(s.t, err)
	from.tree = composed
	result := s.deploy(s.t.Context(), s.open(hosting, 0), s.releaseOf(rev, from, hosting))
	require.NoError(s.t, result.err, result.failedIn)
	require.Equal(s.t, skycap.StateHealthy, result.assessment.State, result.assessment.Cause)
	return s.current("h1")
}

// back rolls back as skycap does: to what the records say.
func (s *site) back(hosting release.Hosting) {
	s.t.Helper()
	on := s.open(hosting, 0)
	releases, err := on.Releases(s.t.Context())
	require.NoError(s.t, err)
	back, err := release.Back(releases, "test", []string{"worker"}, 0)
	require.NoError(s.t, err)
	made, err := on.Recorded(s.t.Context(), back["worker"])
	require.NoError(s.t, err)
	made.Kind, made.Of, made.Who = release.Rollback, back["worker"], "ann@desk"
	result := s.deploy(s.t.Context(), on, made)
	require.NoError(s.t, result.err, result.failedIn)
	require.NoError(s.t, on.Leave(s.t.Context(), release.Left(releases, []string{"worker"}), result.number))
}

// names are those of the release folders on the first host, in order.
func (s *site) folderNames() []string {
	s.t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.folders["h1"], "releases"))
	require.NoError(s.t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// status is how the service is said to be on the first host.
func (s *site) status(hosting release.Hosting) (skycap.ServiceStatus, skycap.Instance) {
	s.t.Helper()
	found, err := s.open(hosting, 0).Status(s.t.Context(), []string{"worker"})
	require.NoError(s.t, err)
	require.Len(s.t, found, 1)
	require.NotEmpty(s.t, found[0].Instances)
	return found[0], found[0].Instances[0]
}

func (s *site) releases(hosting release.Hosting) []skycap.Release {
	s.t.Helper()
	found, err := s.open(hosting, 0).Releases(s.t.Context())
	require.NoError(s.t, err)
	return found
}

func TestCapistranosTreeIsContinuedAndTakenBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	c := newCapistrano(t, s, 3)
	hosting := s.hosting()
	hosting.KeepReleases, hosting.LinkedDirs = 3, []string{"log", "tmp/pids"}

	// Two releases of Capistrano's.
	c.deployNext("one")
	first := s.current("h1")
	hash := c.deployNext("two")
	second := s.current("h1")
	require.NoError(t, os.WriteFile(filepath.Join(s.folders["h1"], "shared/log/app.log"), []byte("kept"), 0o600))
	status, instance := s.status(hosting)
	assert.Equal(t, skycap.StateHealthy, status.State, status.Message)
	assert.Equal(t, hash, instance.Revision)
	assert.Zero(t, status.Release, "it has no number")
	assert.Empty(t, s.releases(hosting))
	for _, check := range s.open(hosting, 0).Examine(t.Context(), []string{"worker"}) {
		assert.True(t, check.OK, check.Message)
	}

	// Ours goes on with them.
	third := s.ours("3", hosting)
	assert.Greater(t, third, second)
	assert.Equal(t, []string{first, second, third}, s.folderNames())
	assert.Equal(t, "kept", s.inCurrent("h1", "../../shared/log/app.log"))
	link, err := os.Readlink(filepath.Join(s.folders["h1"], "releases", third, "tmp/pids"))
	require.NoError(t, err)
	assert.Equal(t, s.root+"/shared/tmp/pids", link)
	id := strings.Repeat("3", 40)
	assert.Equal(t, id+"\n", s.inCurrent("h1", "REVISION"))
	assert.Equal(t, "1700000000\n", s.inCurrent("h1", "REVISION_TIME"))
	link, err = os.Readlink(filepath.Join(s.folders["h1"], "current"))
	require.NoError(t, err)
	assert.Equal(t, s.root+"/releases/"+third, link)
	log := "Branch default (at " + c.hash(0) + ") deployed as release " + first + " by bob\n" +
		"Branch default (at " + hash + ") deployed as release " + second + " by bob\n" +
		"Branch default (at " + id + ") deployed as release " + third + " by ann\n"
	assert.Equal(t, log, s.read("h1", "revisions.log"))
	fourth := s.ours("4", hosting)
	assert.Equal(t, []string{second, third, fourth}, s.folderNames(), "Capistrano's count")

	// Capistrano takes ours back.
	c.cap("deploy:rollback")
	for _, host := range s.names() {
		assert.Equal(t, third, s.current(host))
		assert.FileExists(t, filepath.Join(s.folders[host], "rolled-back-release-"+fourth+".tar.gz"))
	}
	assert.Equal(t, []string{second, third}, s.folderNames())
	assert.True(t, strings.HasSuffix(s.read("h1", "revisions.log"), "\nbob rolled back to release "+third+"\n"))
	status, instance = s.status(hosting)
	assert.Equal(t, id, instance.Revision)
	assert.Equal(t, 1, status.Release)
	releases := s.releases(hosting)
	require.Len(t, releases, 2, "history stays")
	assert.True(t, releases[0].Undone && releases[0].Gone)
	assert.False(t, releases[1].Undone || releases[1].Gone)
	_, err = release.Back(releases, "test", []string{"worker"}, 0)
	require.Error(t, err, "release 2 is not there, and release 1 runs")

	// Ours goes on again, with what was removed as well.
	again := s.ours("4", hosting)
	assert.Greater(t, again, third)
	assert.Equal(t, 3, s.releases(hosting)[0].Number)
	fifth := s.ours("5", hosting)
	assert.Equal(t, []string{third, again, fifth}, s.folderNames())

	// Capistrano's clean-up keeps what runs, which is not its newest here.
	s.back(hosting)
	require.Equal(t, again, s.current("h1"))
	stage := c.stage()
	c.write("config/deploy/production.rb", stage+"set :keep_releases, 1\n")
	c.cap("deploy:cleanup")
	c.write("config/deploy/production.rb", stage)
	assert.Equal(t, []string{again, fifth}, s.folderNames())
	assert.Equal(t, again, s.current("h1"))

	// Capistrano deploys after us, and we after it.
	hash = c.deployNext("three")
	sixth := s.current("h1")
	assert.Greater(t, sixth, fifth)
	status, instance = s.status(hosting)
	assert.Equal(t, hash, instance.Revision)
	assert.Zero(t, status.Release)
	seventh := s.ours("7", hosting)
	assert.Greater(t, seventh, sixth)
	assert.Contains(t, s.folderNames(), sixth, "it ran before")
	assert.Equal(t, 6, s.releases(hosting)[0].Number)

	// From Capistrano's the way back is to what ran before.
	eighth := c.deployAgain()
	assert.Greater(t, eighth, seventh)
	s.back(hosting)
	assert.Equal(t, seventh, s.current("h1"))
}

func (c *capistrano) stage() string {
	text, err := os.ReadFile(filepath.Join(c.folder, "config/deploy/production.rb"))
	require.NoError(c.t, err)
	return string(text)
}

func (c *capistrano) hash(number int) string {
	c.t.Helper()
	return strings.TrimSpace(c.run(c.source, "hg", "log", "--rev", fmt.Sprint(number), "--template", "{node}"))
}

func TestCapistranosRollbackGoesToWhatRan(t *testing.T) {
	t.Parallel()
	tests := map[string]func(s *site, hosting release.Hosting) (want string, removed string){
		"before our rollback": func(s *site, hosting release.Hosting) (string, string) {
			one, two := s.ours("1", hosting), s.ours("2", hosting)
			s.ours("3", hosting)
			s.back(hosting)
			return one, two
		},
		"before an old folder was published again": func(s *site, hosting release.Hosting) (string, string) {
			one := s.ours("1", hosting)
			s.ours("2", hosting)
			three := s.ours("3", hosting)
			assert.Equal(s.t, one, s.ours("1", hosting))
			return three, one
		},
		"before, with one that was never published": func(s *site, hosting release.Hosting) (string, string) {
			one, two := s.ours("1", hosting), s.ours("2", hosting)
			hosting.BeforePublish = "exit 3"
			rev, from := commit("3", revision.Tree{"a": {}}, nil)
			result := s.deploy(s.t.Context(), s.open(hosting, 0), s.releaseOf(rev, from, hosting))
			require.Equal(s.t, "apply", result.failedIn, result.err)
			require.Len(s.t, s.folderNames(), 3)
			return one, two
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, 1)
			c := newCapistrano(t, s, 5)
			want, removed := prepare(s, s.hosting())
			c.cap("deploy:rollback")
			assert.Equal(t, want, s.current("h1"))
			assert.NotContains(t, s.folderNames(), removed)
			assert.Contains(t, s.folderNames(), want)
		})
	}
}

func TestOurRollbackGoesOnWhereCapistranosEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	c := newCapistrano(t, s, 5)
	one, two := s.ours("1", s.hosting()), s.ours("2", s.hosting())
	three := s.ours("3", s.hosting())
	c.cap("deploy:rollback")
	require.Equal(t, two, s.current("h1"))
	require.NotContains(t, s.folderNames(), three)

	rev, from := commit("2", nil, nil)
	on := s.open(s.hosting(), 0)
	plan, err := on.Plan(t.Context(), s.releaseOf(rev, from, s.hosting()), target.Options{})
	require.NoError(t, err)
	require.Len(t, plan.Changes, 1, "of another manifest")
	assert.Equal(t, "releases/"+two, plan.Changes[0].Fields[0].Old)

	s.back(s.hosting())
	assert.Equal(t, one, s.current("h1"))
	releases := s.releases(s.hosting())
	assert.Len(t, releases, 4)
	assert.Equal(t, 4, releases[2].LeftBy, "release 2 ran")
	status, _ := s.status(s.hosting())
	assert.Equal(t, 4, status.Release)
}

// capistrano2 makes a tree as Capistrano 2 leaves it, with a link to its newest release.
func (s *site) capistrano2(link string) {
	root := s.folders["h1"]
	for _, folder := range []string{"shared/log", "shared/pids", "shared/system", "shared/cached-copy/.hg", "releases/20130101000000", "releases/20140101000000/tmp", "releases/20140101000000/public"} {
		require.NoError(s.t, os.MkdirAll(filepath.Join(root, folder), 0o750))
	}
	for path, text := range map[string]string{
		"releases/20130101000000/REVISION": "aaaaaaaaaaaa\n", "releases/20140101000000/REVISION": "bbbbbbbbbbbb\n",
		"shared/system/logo": "logo", "shared/pids/app.pid": "1",
	} {
		require.NoError(s.t, os.WriteFile(filepath.Join(root, path), []byte(text), 0o600))
	}
	for path, to := range map[string]string{"log": "log", "tmp/pids": "pids", "public/system": "system"} {
		require.NoError(s.t, os.Symlink(s.root+"/shared/"+to, filepath.Join(root, "releases/20140101000000", path)))
	}
	require.NoError(s.t, os.Symlink(link, filepath.Join(root, "current")))
}

func TestCapistrano2sTreeIsContinued(t *testing.T) {
	t.Parallel()
	tests := map[string]string{"absolute": "ROOT/releases/20140101000000", "with a slash": "ROOT/releases/20140101000000/", "relative": "releases/20140101000000"}
	for name, link := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, 1)
			s.capistrano2(strings.Replace(link, "ROOT", s.root, 1))
			hosting := s.hosting()
			hosting.KeepReleases, hosting.LinkedDirs = 2, []string{"log", "tmp/pids", "public/system", "new/one"}
			status, instance := s.status(hosting)
			assert.Equal(t, skycap.StateHealthy, status.State, status.Message)
			assert.Equal(t, "bbbbbbbbbbbb", instance.Revision)

			ours := s.ours("1", hosting)
			assert.Equal(t, []string{"20140101000000", ours}, s.folderNames())
			for path, want := range map[string]string{"log": "log", "tmp/pids": "pids", "public/system": "system", "new/one": "new/one"} {
				to, err := os.Readlink(filepath.Join(s.folders["h1"], "releases", ours, path))
				require.NoError(t, err)
				assert.Equal(t, s.root+"/shared/"+want, to)
			}
			assert.Equal(t, "logo", s.read("h1", "shared/system/logo"))
			assert.NoDirExists(t, filepath.Join(s.folders["h1"], "shared/public"))
			to, err := os.Readlink(filepath.Join(s.folders["h1"], "current"))
			require.NoError(t, err)
			assert.Equal(t, s.root+"/releases/"+ours, to)
			next := s.ours("2", hosting)
			assert.Equal(t, []string{ours, next}, s.folderNames())
			to, err = os.Readlink(filepath.Join(s.folders["h1"], "releases", next, "public/system"))
			require.NoError(t, err)
			assert.Equal(t, s.root+"/shared/system", to)
		})
	}
}
