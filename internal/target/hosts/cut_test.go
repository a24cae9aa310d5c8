package hosts

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/ssh/sshtest"
	"github.com/skycap/skycap/pkg/skycap"
)

// moment is a point in a deploy at which something happens to a host.
type moment struct {
	name    string
	program string // that the host is about to run then, as a pattern of the shell's
	phase   string // of the deploy
	step    string // that is told of then, as a pattern; the answer of one before may not have come
	quick   bool   // whether make test stops there, too
}

func moments() []moment {
	return []moment{
		{"locking", "flock -n 9", "lock", "prepare|lock", false},
		{"looking", "gzip -1", "lock", "prepare|lock|look", false},
		{"recording", "mv -f */.skycap/tmp/save.* .skycap/releases/", "stage", "stage", false},
		{"unpacking", "tar -xzpf", "stage", "stage", true},
		{"staged", "rm -f .skycap/tmp/staging", "stage", "stage", false},
		{"before it is current", "ln -sfT", "apply", "publish", false},
		{"while it becomes current", "mv -fT", "apply", "publish", true},
		{"after it is current", "rm -f */restart-due", "apply", "publish", false},
		{"clearing away", "rm -f .skycap/folders/", "settle", "clean up", false},
		{"ending", "mv -f */.skycap/tmp/save.* releases/", "end", "write", false},
	}
}

// begun is a site with a release on it, and with a folder that the next one removes.
func begun(t *testing.T) *gates {
	t.Helper()
	g := newGates(t, 3)
	g.assertConverges("1")
	for _, host := range g.names() {
		for _, old := range []string{"20010101000000", "20020101000000", "20030101000000", "20040101000000", "20050101000000"} {
			require.NoError(t, os.MkdirAll(filepath.Join(g.folders[host], "releases", old), 0o755)) //nolint:gosec // a folder of a site
		}
	}
	return g
}

// next deploys another revision.
func (g *gates) next(ctx context.Context, digit string, maxFailures int) (*Hosts, *deployed) {
	r, from := commit(digit, revision.Tree{"digit": {Data: []byte(digit)}}, nil)
	on := g.open(g.hosting(), maxFailures)
	return on, g.deploy(ctx, on, g.releaseOf(r, from, g.hosting()))
}

// newest is the last release, as the hosts have recorded it.
func (s *site) newest() skycap.Release {
	on := s.open(s.hosting(), 0)
	releases, err := on.Releases(s.t.Context())
	require.NoError(s.t, err)
	require.NotEmpty(s.t, releases)
	require.NoError(s.t, on.Close())
	return releases[0]
}

// expect makes sure of which revision each host runs.
func (g *gates) expect(h1, h2, h3 string) {
	g.t.Helper()
	assert.Equal(g.t, []string{h1, h2, h3}, []string{g.inCurrent("h1", "digit"), g.inCurrent("h2", "digit"), g.inCurrent("h3", "digit")})
}

// eachMoment runs a test at each moment, on a site of its own that runs revision 1;
// at two of them only, unless FAULTS is set.
func eachMoment(t *testing.T, test func(t *testing.T, at moment, g *gates)) {
	t.Parallel()
	for _, at := range moments() {
		if !at.quick && os.Getenv("FAULTS") == "" {
			continue
		}
		t.Run(at.name, func(t *testing.T) {
			t.Parallel()
			test(t, at, begun(t))
		})
	}
}

func TestTheConnectionIsCutAtEachStep(t *testing.T) {
	eachMoment(t, func(t *testing.T, at moment, g *gates) {
		done := g.shut("h2", at.program, g.networks["h2"].Cut)
		on, result := g.next(t.Context(), "2", 0)
		<-done
		g.assertRefused(at, result)
		g.reopen("h2")
		g.assertLeft(on)
		g.assertConverges("3")

		done = g.shut("h1", at.program, g.networks["h1"].Cut)
		on, result = g.next(t.Context(), "4", 1)
		<-done
		g.assertTolerated(at, result)
		g.reopen("h1")
		g.assertLeft(on)
		g.assertConverges("5")
	})
}

// assertRefused looks at a deploy of revision 2 in which the connection of h2 was
// cut, where no host may fail.
func (g *gates) assertRefused(at moment, result *deployed) {
	t, said := g.t, ""
	switch at.phase {
	case "lock", "stage":
		require.Error(t, result.err)
		said = result.err.Error()
		assert.Equal(t, at.phase, result.failedIn)
		assert.False(t, result.changed)
		g.expect("1", "1", "1") // no host was changed before all were ready
		if at.phase == "lock" {
			assert.Equal(t, 1, g.newest().Number)
		} else {
			assert.Equal(t, skycap.ResultFailed, g.newest().Result)
		}
	case "apply":
		require.NoError(t, result.err, result.failedIn)
		said = result.assessment.Cause
		assert.True(t, result.changed)
		assert.Equal(t, skycap.StateDegraded, result.assessment.State)
		assert.False(t, result.assessment.Tolerated)
		assert.Contains(t, said, "current is releases/"+g.current("h2")+" now")
		assert.Equal(t, skycap.ResultUnhealthy, g.newest().Result)
	default:
		require.Error(t, result.err)
		said = result.err.Error()
		assert.Equal(t, at.phase, result.failedIn)
		g.expect("2", "2", "2")
		assert.Equal(t, skycap.ResultOK, g.newest().Result, "others know it")
	}
	assert.Contains(t, said, `host "h2"`)
	assert.Regexp(t, `"(`+at.step+`)"`, said)
}

// assertTolerated looks at a deploy of revision 4 over 3 in which the connection of
// the canary was cut, where one host may fail.
func (g *gates) assertTolerated(at moment, result *deployed) {
	t, said := g.t, g.warned.String()
	switch at.phase {
	case "lock", "stage":
		g.expect("3", "4", "4")
	case "apply":
		said = result.assessment.Cause
		g.expect(g.inCurrent("h1", "digit"), "4", "4")
	default:
		require.Error(t, result.err)
		said = result.err.Error()
		g.expect("4", "4", "4")
		assert.Equal(t, skycap.ResultOK, g.newest().Result, "others know it")
	}
	if at.phase == "lock" || at.phase == "stage" || at.phase == "apply" {
		require.NoError(t, result.err, result.failedIn)
		assert.True(t, result.changed)
		assert.True(t, result.assessment.Tolerated)
		assert.Equal(t, skycap.ResultUnhealthy, g.newest().Result)
	}
	assert.Contains(t, said, `host "h1"`)
	assert.Regexp(t, `"(`+at.step+`)"`, said)
}

func TestItIsInterruptedAtEachStep(t *testing.T) {
	eachMoment(t, func(t *testing.T, at moment, g *gates) {
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		done := g.shut("h1", at.program, func() {
			interrupt()
			if at.phase == "end" { // which is brought to its end all the same
				g.reopen("h1")
			}
		})
		on, result := g.next(ctx, "2", 1)
		<-done
		g.assertInterrupted(at, result)
		g.reopen("h1")
		g.assertLeft(on)
		g.assertConverges("3")
	})
}

// assertInterrupted looks at a deploy of revision 2 that was interrupted while its
// canary was at something.
func (g *gates) assertInterrupted(at moment, result *deployed) {
	t := g.t
	if at.phase == "end" {
		require.NoError(t, result.err)
		g.expect("2", "2", "2")
		return
	}
	require.ErrorIs(t, result.err, context.Canceled)
	assert.Equal(t, at.phase, result.failedIn)
	assert.Empty(t, g.warned.String(), "that is no host's fault")
	assert.Equal(t, at.phase == "settle" || at.name == "while it becomes current" || at.name == "after it is current", result.changed)
	switch {
	case at.phase == "settle":
		g.expect("2", "2", "2")
	case at.name == "after it is current":
		g.expect("2", "1", "1")
	default:
		g.expect("1", "1", "1")
	}
	if at.phase == "lock" {
		assert.Equal(t, 1, g.newest().Number)
		return
	}
	assert.NotEmpty(t, g.newest().Result, "some host knows it")
}

// A network that drops everything, and ends nothing, is noticed by silence.
func TestTheNetworkIsFrozenWhilePublishing(t *testing.T) {
	t.Parallel()
	g := begun(t)
	well := append([]sshtest.Alias{}, g.aliases...)
	for i := range well {
		well[i].Lines = []string{"ServerAliveInterval 1", "ServerAliveCountMax 2", "ConnectTimeout 2"}
	}
	g.config = sshtest.Config(t, well...)
	var frozen time.Time
	done := g.shut("h2", "rm -f */restart-due", func() {
		frozen = time.Now()
		g.networks["h2"].Freeze()
	})
	on, result := g.next(t.Context(), "2", 0)
	<-done
	assert.Less(t, time.Since(frozen), 30*time.Second)
	require.NoError(t, result.err, result.failedIn)
	assert.True(t, result.changed)
	assert.Regexp(t, `^host "h2": the connection was lost during "publish".*; and it can't be reached again: host "h2"`, result.assessment.Cause)
	assert.Equal(t, []string{"2", "2"}, []string{g.inCurrent("h1", "digit"), g.inCurrent("h3", "digit")})
	g.networks["h2"].Cut() // else the host would wait for ssh.Silence
	require.NoError(t, on.Close())
	g.reopen("h2")

	for i := range well {
		well[i].Lines, well[i].Port = nil, 0
	}
	g.config = sshtest.Config(t, well...)
	g.assertLeft(on)
	g.assertConverges("3")
}
