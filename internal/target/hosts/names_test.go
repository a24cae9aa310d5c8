package hosts

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/ssh"
	"github.com/skycap/skycap/internal/target"
)

func TestFileNamesOfAllKinds(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	names := []string{
		"a b", "new\nline", "\n", " ", `it's "quoted"`, "\xff\xfe not UTF-8", "-rf", "--help", "$(touch hacked)", "`touch hacked`", "*", "t\tab", `back\slash`, "\x01\x7f", "REVISIÖN",
	}
	trees := []revision.Tree{{}, {}}
	for i, name := range names {
		trees[0][name], trees[1][name] = revision.File{Data: []byte("1")}, revision.File{Data: []byte("1")}
		folder := "dir " + name + "/" + name
		trees[0][folder] = revision.File{Data: []byte("1"), Executable: i%2 == 0}
		trees[1][folder] = revision.File{Data: []byte("2"), Executable: i%2 == 1}
		trees[0]["gone/"+name] = revision.File{Data: []byte("1")}
		trees[0]["link to "+name], trees[1]["link to "+name] = revision.File{Link: name}, revision.File{Link: folder}
	}
	one, from := commit("1", trees[0], nil)
	result := s.deploy(t.Context(), s.open(s.hosting(), 0), s.releaseOf(one, from, s.hosting()))
	require.NoError(t, result.err, result.failedIn)
	s.assertTree("h1", from.tree)

	two, to := commit("2", trees[1], map[string]revision.Tree{one.ID: from.tree})
	two.Branch = "it's\n$(touch hacked)"
	result = s.deploy(t.Context(), s.open(s.hosting(), 0), s.releaseOf(two, to, s.hosting()))
	require.NoError(t, result.err, result.failedIn)
	assert.Empty(t, s.warned.String(), "the differences were enough")
	s.assertTree("h1", to.tree)
	assert.Contains(t, s.read("h1", "revisions.log"), "Branch it's $(touch hacked) (at 2222")
}

// assertTree makes sure that what is current on a host is just a tree.
func (s *site) assertTree(host string, want revision.Tree) {
	s.t.Helper()
	found := revision.Tree{}
	root := filepath.Join(s.folders[host], "releases", s.current(host))
	require.NoError(s.t, filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name := path[len(root)+1:]
		if entry.Type()&os.ModeSymlink != 0 {
			link, err := os.Readlink(path)
			found[name] = revision.File{Link: link}
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // a file of a site
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		found[name] = revision.File{Data: data, Executable: info.Mode()&0o111 != 0}
		return nil
	}))
	assert.Equal(s.t, want, found)
}

// A link in the tree may point anywhere: it is brought as it is, and nothing is
// written, removed or linked through it.
func TestALinkThatPointsOutside(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	precious := filepath.Join(outside, "log", "precious")
	require.NoError(t, os.MkdirAll(filepath.Dir(precious), 0o755)) //nolint:gosec // as others see it
	require.NoError(t, os.WriteFile(precious, []byte("kept"), 0o600))

	s := newSite(t, 1)
	hosting := s.hosting()
	tree := revision.Tree{"out": {Link: outside}, "up": {Link: "../../../.."}, "log": {Link: outside + "/log"}, "gone": {Link: outside}}
	one, from := commit("1", tree, nil)
	hosting.LinkedDirs = []string{"log"} // which takes the place of the link
	result := s.deploy(t.Context(), s.open(hosting, 0), s.releaseOf(one, from, hosting))
	require.NoError(t, result.err, result.failedIn)
	for name, want := range map[string]string{"out": outside, "up": "../../../..", "log": s.root + "/shared/log"} {
		link, err := os.Readlink(filepath.Join(s.folders["h1"], "releases", s.current("h1"), name))
		require.NoError(t, err)
		assert.Equal(t, want, link)
	}

	two, to := commit("2", revision.Tree{"out": {Link: outside}, "gone/log": {Data: []byte("a file now")}}, map[string]revision.Tree{one.ID: from.tree})
	result = s.deploy(t.Context(), s.open(s.hosting(), 0), s.releaseOf(two, to, s.hosting()))
	require.NoError(t, result.err, result.failedIn)
	assert.Equal(t, "a file now", s.inCurrent("h1", "gone/log"))

	hosting.LinkedDirs, hosting.LinkedFiles = []string{"out/log"}, []string{"out/a/b"}
	three, with := commit("3", tree, nil)
	result = s.deploy(t.Context(), s.open(hosting, 0), s.releaseOf(three, with, hosting))
	var refused *archive.PathError
	require.ErrorAs(t, result.err, &refused)
	require.EqualError(t, result.err, `path "out/log" can't be linked to shared: "out" is a link itself`+"\n"+`path "out/a/b" can't be linked to shared: "out" is a link itself`)
	text, err := os.ReadFile(precious) //nolint:gosec // a file of this test
	require.NoError(t, err)
	assert.Equal(t, "kept", string(text))
}

// A name that ssh or a shell could take for something else is never given to either.
func TestNamesThatAreNoNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"-oProxyCommand=touch hacked", "h1;touch hacked", "$(touch hacked)", "h 1", "h1\n"} {
		hosting := release.Hosting{DeployTo: "/srv/app", KeepReleases: 5}
		for what, group := range map[string]Group{
			"host": {Addresses: []string{name}, Service: hosting},
			"user": {Addresses: []string{"h1"}, User: name, Service: hosting},
		} {
			started := 0
			client := &ssh.Client{Runner: run.Func(func(context.Context, run.Command) error { started++; return nil })}
			on := Open(Options{Client: client, App: "app", Environment: "test", Now: time.Now, Groups: map[string]Group{"worker": group}})
			_, err := on.Lock(t.Context(), []string{"worker"}, target.Claim{})
			var refused *ssh.NameError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, &ssh.NameError{What: what, Name: name}, refused)
			require.NoError(t, on.Close())
			assert.Zero(t, started)
		}
	}
}
