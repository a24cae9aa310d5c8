package hosts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/ssh/sshtest"
	"github.com/skycap/skycap/internal/target"
)

// gates are what hosts can be stopped at: their programs ask, before they do anything.
type gates struct {
	*site
	programs string
	networks map[string]*sshtest.Network
}

// gated are the programs that ask.
func gated() []string { return []string{"mkdir", "flock", "gzip", "tar", "touch", "ln", "mv", "rm"} }

// newGates starts hosts, each over a network of its own.
func newGates(t *testing.T, count int) *gates {
	t.Helper()
	programs := t.TempDir()
	require.NoError(t, os.Chmod(programs, 0o755)) //nolint:gosec // hosts run them
	g := &gates{
		programs: programs, networks: map[string]*sshtest.Network{},
		site: newSite(t, count, fmt.Sprintf("SetEnv HOME=%s PATH=%s:/usr/sbin:/usr/bin:/sbin:/bin", t.TempDir(), programs)),
	}
	for _, name := range gated() {
		real := "/usr/bin/" + name
		if _, err := os.Stat(real); err != nil {
			real = "/bin/" + name
		}
		// A gate that is open again, or whose waiting shell has ended, stops nobody.
		text := fmt.Sprintf(`#!/bin/sh
gate=%s/gate
if [ -e "$gate/shut" ] && read -r pattern <"$gate/shut"; then
	case "%s $*" in *$pattern*) /bin/mv "$gate/shut" "$gate/reached" 2>/dev/null && while [ -e "$gate/reached" ]; do sleep 0.02; done ;; esac
fi
exec %s "$@"
`, filepath.Dir(g.root), name, real)
		require.NoError(t, os.WriteFile(filepath.Join(programs, name), []byte(text), 0o755)) //nolint:gosec // hosts run it
	}
	for i := range g.aliases {
		network := sshtest.Dial(t, g.aliases[i].Server, 0, 0)
		g.networks[g.aliases[i].Name], g.aliases[i].Port = network, network.Port
	}
	g.config = sshtest.Config(t, g.aliases...)
	return g
}

func (g *gates) gate(host string) string { return filepath.Join(filepath.Dir(g.folders[host]), "gate") }

// shut stops a host at the next program whose command line has a
// pattern of the shell's in it, and does what is to be done to it then.
// The channel is closed after that.
func (g *gates) shut(host, pattern string, then func()) <-chan struct{} {
	g.t.Helper()
	require.NoError(g.t, os.MkdirAll(g.gate(host), 0o755)) //nolint:gosec // as above
	require.NoError(g.t, os.WriteFile(filepath.Join(g.gate(host), "shut"), []byte(pattern+"\n"), 0o600))
	done := make(chan struct{})
	late := time.After(time.Minute)
	go func() {
		defer close(done)
		for range time.Tick(5 * time.Millisecond) {
			select {
			case <-late:
				g.t.Errorf("host %q never came to %q", host, pattern)
				return
			default:
			}
			if _, err := os.Stat(filepath.Join(g.gate(host), "reached")); err == nil {
				then()
				return
			}
			if g.t.Context().Err() != nil {
				return
			}
		}
	}()
	return done
}

// reopen lets whoever waits go on.
func (g *gates) reopen(host string) { require.NoError(g.t, os.RemoveAll(g.gate(host))) }

// assertLeft makes sure of what every deploy leaves, however it ended: locks that
// are free, and no process, neither of ssh here nor of shells there.
func (s *site) assertLeft(on *Hosts) {
	s.t.Helper()
	require.NoError(s.t, on.Close())
	var found atomic.Value // one that begins while they are listed may be seen only the next time
	isGone := func() bool {
		processes := s.processes()
		found.Store(processes)
		return len(processes) == 0
	}
	if !assert.Eventually(s.t, isGone, 20*time.Second, 50*time.Millisecond) {
		s.t.Log(found.Load())
	}
	other := s.open(s.hosting(), 0)
	lock, err := other.Lock(s.t.Context(), []string{"worker"}, target.Claim{Holder: target.Holder{Who: "eve"}})
	if assert.NoError(s.t, err) {
		assert.NoError(s.t, lock.Unlock())
	}
	require.NoError(s.t, other.Close())
}

// processes are those of ssh that read our configuration, and those that see a host's folder.
func (s *site) processes() []string {
	var found []string
	seesHost := map[string]bool{"": false} // by mount namespace
	paths, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range paths {
		command, _ := os.ReadFile(filepath.Join(path, "cmdline"))
		namespace, _ := os.Readlink(filepath.Join(path, "ns", "mnt")) // zombies have none
		sees, known := seesHost[namespace]
		if !known {
			mounts, _ := os.ReadFile(filepath.Join(path, "mountinfo"))
			sees = strings.Contains(string(mounts), filepath.Dir(s.root)+" ")
			seesHost[namespace] = sees
		}
		if sees || strings.Contains(string(command), s.config) {
			found = append(found, filepath.Base(path)+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}

// assertConverges deploys, and makes sure that all hosts have the release, and that
// the records say so.
func (s *site) assertConverges(digit string) {
	s.t.Helper()
	r, from := commit(digit, revision.Tree{"digit": {Data: []byte(digit)}}, nil)
	on := s.open(s.hosting(), 0)
	result := s.deploy(s.t.Context(), on, s.releaseOf(r, from, s.hosting()))
	require.NoError(s.t, result.err, result.failedIn)
	for _, host := range s.names() {
		assert.Equal(s.t, digit, s.inCurrent(host, "digit"), host)
		assert.Empty(s.t, s.left(host), host)
	}
	releases, err := on.Releases(s.t.Context())
	require.NoError(s.t, err)
	for i, one := range releases {
		assert.NotEmpty(s.t, one.Result, "release %d", one.Number)
		if i == 0 {
			assert.Equal(s.t, "ok", string(one.Result))
		}
	}
	s.assertLeft(on)
}

// left are marks of what was begun and not brought to an end.
func (s *site) left(host string) []string {
	var found []string
	for _, pattern := range []string{"staging.*", "../restart-due"} {
		paths, err := filepath.Glob(filepath.Join(s.folders[host], ".skycap", "tmp", pattern))
		require.NoError(s.t, err)
		found = append(found, paths...)
	}
	return found
}
