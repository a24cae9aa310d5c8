package hosts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/pkg/skycap"
)

// disk gives a host a file system of its own, with so many MiB.
func (s *site) disk(host string, size int) (at string) {
	s.t.Helper()
	at = filepath.Dir(s.folders[host])
	require.NoError(s.t, syscall.Mount("tmpfs", at, "tmpfs", 0, fmt.Sprintf("mode=755,size=%dm", size)))
	s.t.Cleanup(func() { assert.NoError(s.t, syscall.Unmount(at, syscall.MNT_DETACH)) })
	return at
}

// fill leaves nothing free on a disk.
func fill(t *testing.T, at string) (filler string) {
	t.Helper()
	filler = filepath.Join(at, "filler")
	file, err := os.Create(filler) //nolint:gosec // a file of a site
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	return filler
}

// late is a source that has something happen after the plan and before anything is sent.
type late struct {
	*source
	happen func()
}

func (l *late) Changed(ctx context.Context, from string) (changed, removed []string, err error) {
	l.happen()
	return l.source.Changed(ctx, from)
}

// lately deploys a revision with something happening once it is planned.
func (s *site) lately(on *Hosts, digit string, happen func()) *deployed {
	r, from := commit(digit, revision.Tree{"digit": {Data: []byte(digit)}}, nil)
	made := s.releaseOf(r, from, s.hosting())
	made.Services[0].Folder.Source = &late{from, happen}
	return s.deploy(s.t.Context(), on, made)
}

func TestADiskThatIsFull(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	at := s.disk("h2", 40)
	s.assertConverges("1")

	filler := fill(t, at)
	on, result := s.digit("2", 0)
	require.Error(t, result.err)
	require.EqualError(t, result.err, fmt.Sprintf(`host "h2": service "worker": 0 MiB are free at %q; the release needs 16`, s.root))
	assert.Equal(t, "1", s.inCurrent("h1", "digit"))
	s.assertLeft(on)
	require.NoError(t, os.Remove(filler))
	s.assertConverges("2")
}

func TestADiskThatIsFullOnceItIsPlanned(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	at := s.disk("h2", 40)
	s.assertConverges("1")
	on := s.open(s.hosting(), 0)
	filler := ""
	result := s.lately(on, "2", func() { filler = fill(t, at) })
	s.assertUntouched(result, "stage", "1")
	require.EqualError(t, result.err, `host "h2": stage: .skycap/releases/2.json could not be written: cat: write error: No space left on device`)
	assert.Equal(t, skycap.ResultFailed, s.newest().Result, "h1 knows it")
	require.NoError(t, on.Close())
	require.NoError(t, os.Remove(filler))
	s.assertConverges("2")
}

func TestADiskThatTheFilesFill(t *testing.T) {
	t.Parallel()
	g := newGates(t, 3)
	at := g.disk("h2", 40)
	g.assertConverges("1")
	filler := ""
	done := g.shut("h2", "tar -xzpf", func() {
		filler = fill(t, at)
		require.NoError(t, os.Remove(filepath.Join(g.gate("h2"), "reached")))
	})
	on, result := g.next(t.Context(), "2", 0)
	<-done
	g.assertUntouched(result, "stage", "1")
	assert.Regexp(t, `^host "h2": stage: .*tar: digit: .*: No space left on device$`, result.err.Error())
	require.NoError(t, os.Remove(filler))
	assert.Empty(t, g.left("h2"))
	g.assertLeft(on)
	g.assertConverges("2")
}

func TestADiskThatTheBuildFills(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	s.disk("h2", 40)
	s.assertConverges("1")
	hosting := s.hosting()
	hosting.Build = `[ "$SKYCAP_HOST" != h2 ] || head -c 100000000 /dev/zero >big`
	r, from := commit("2", revision.Tree{"digit": {Data: []byte("2")}}, nil)
	on := s.open(hosting, 0)
	result := s.deploy(t.Context(), on, s.releaseOf(r, from, hosting))
	s.assertUntouched(result, "stage", "1")
	assert.Regexp(t, `^host "h2": stage: the build ended with exit status 1: head: .*No space left on device$`, result.err.Error())
	assert.Empty(t, s.left("h2"))
	assert.Equal(t, skycap.ResultFailed, s.newest().Result)
	s.assertLeft(on)
	s.assertConverges("2")
}

// What is current can still be told of a disk that was filled meanwhile: its record
// can't be written, so it is taken up again.
func TestADiskThatAHookFills(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	at := s.disk("h1", 40)
	s.assertConverges("1")
	hosting := s.hosting()
	hosting.BeforePublish = `head -c 100000000 /dev/zero >"$SKYCAP_RELEASE_PATH/../../../filler" || true`
	r, from := commit("2", revision.Tree{"digit": {Data: []byte("2")}}, nil)
	on := s.open(hosting, 0)
	result := s.deploy(t.Context(), on, s.releaseOf(r, from, hosting))
	require.Error(t, result.err)
	assert.Equal(t, "end", result.failedIn)
	require.EqualError(t, result.err, `host "h1": write: releases/2.json could not be written: cat: write error: No space left on device`)
	assert.Equal(t, skycap.StateHealthy, result.assessment.State)
	assert.Equal(t, "2", s.inCurrent("h1", "digit"))
	assert.Empty(t, s.newest().Result)
	s.assertLeft(on)
	require.NoError(t, os.Remove(filepath.Join(at, "filler")))
	s.assertConverges("3")
}

func TestAFileSystemThatIsReadOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	at := s.disk("h2", 40)
	remount := func(flags uintptr) {
		require.NoError(t, syscall.Mount("tmpfs", at, "tmpfs", syscall.MS_REMOUNT|flags, ""))
	}
	remount(syscall.MS_RDONLY)
	on, result := s.digit("1", 0)
	require.Error(t, result.err)
	assert.Regexp(t, `^host "h2": prepare: mkdir: .*: Read-only file system$`, result.err.Error())
	require.NoError(t, on.Close())
	remount(0)
	s.assertConverges("1")

	remount(syscall.MS_RDONLY)
	on, result = s.digit("2", 0)
	s.assertUntouched(result, "plan", "1")
	require.EqualError(t, result.err, fmt.Sprintf(`host "h2": service "worker": %q is on a file system that is mounted read-only, at %q`, s.root, filepath.Dir(s.root)))
	var fault *Fault
	require.ErrorAs(t, result.err, &fault)
	assert.Contains(t, fault.Fix, "remount,rw "+filepath.Dir(s.root))
	s.assertLeft(on)
	remount(0)
	s.assertConverges("2")

	on = s.open(s.hosting(), 0)
	result = s.lately(on, "3", func() { remount(syscall.MS_RDONLY) })
	s.assertUntouched(result, "stage", "2")
	assert.Regexp(t, `^host "h2": stage: .skycap/releases/3.json could not be written: .*: Read-only file system$`, result.err.Error())
	assert.Equal(t, skycap.ResultFailed, s.newest().Result, "h1 knows it")
	require.NoError(t, on.Close())
	remount(0)
	s.assertConverges("3")
}
