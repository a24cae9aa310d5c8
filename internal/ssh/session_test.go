package ssh

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/ssh/sshtest"
)

// stubborn is a step with a child and a grandchild: it tells their pids and doesn't end.
const stubborn = `sh -c 'sleep 600 & echo $!; wait' & echo $!; wait`

// lines hands over each whole line that is written to it.
type lines struct {
	rest []byte
	line chan string
}

func newLines() *lines { return &lines{line: make(chan string, 10)} }

func (l *lines) Write(data []byte) (int, error) {
	l.rest = append(l.rest, data...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(data), nil
		}
		l.rest = rest
		l.line <- string(line)
	}
}

func TestATimeoutStopsTheStepAndTheSessionGoesOn(t *testing.T) {
	t.Parallel()
	session := connected(t)
	pids := newLines()
	_, err := session.Run(t.Context(), Step{Name: "slow", Script: stubborn, Output: pids, Timeout: time.Second})
	var late *TimeoutError
	require.ErrorAs(t, err, &late)
	assert.Equal(t, &TimeoutError{Host: Host{Address: "h"}, Step: "slow", After: time.Second}, late)
	assertEnded(t, <-pids.line)
	assertEnded(t, <-pids.line)
	result, err := session.Run(t.Context(), Step{Script: "echo on"})
	require.NoError(t, err)
	assert.Equal(t, "on\n", string(result.Stdout))
	assert.True(t, session.Alive())
}

func TestACanceledWaitStopsTheStepAndTheSessionGoesOn(t *testing.T) {
	t.Parallel()
	session := connected(t)
	for _, script := range []string{stubborn, "trap '' TERM; " + stubborn, "cat >/dev/null; " + stubborn} {
		ctx, cancel := context.WithCancel(t.Context())
		pids := newLines()
		pending := session.Send(Step{Script: script, Output: pids, Input: make([]byte, 10_000)})
		first, second := make(chan string, 1), make(chan string, 1)
		go func() {
			first <- <-pids.line
			second <- <-pids.line
			cancel()
		}()
		_, err := pending.Wait(ctx)
		require.ErrorIs(t, err, context.Canceled)
		assertEnded(t, <-first)
		assertEnded(t, <-second)
		result, err := session.Run(t.Context(), Step{Script: "cat", Input: []byte("on")})
		require.NoError(t, err)
		assert.Equal(t, "on", string(result.Stdout))
	}
}

// Nobody listens to the client while a lot of input is unread: the session goes, and the step with it.
func TestAStepThatDoesNotReadIsStoppedWithItsSession(t *testing.T) {
	t.Parallel()
	client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: sshtest.Start(t)}))
	client.silence = 1200 * time.Millisecond
	session := client.Open(t.Context(), Host{Address: "h"})
	pids := newLines()
	_, err := session.Run(t.Context(), Step{Script: stubborn, Output: pids, Input: make([]byte, 1<<20), Timeout: time.Second})
	var late *TimeoutError
	require.ErrorAs(t, err, &late)
	assert.False(t, session.Alive())
	assertEnded(t, <-pids.line)
	assertEnded(t, <-pids.line)
}

func TestAStepThatWasNotSentIsTakenBack(t *testing.T) {
	t.Parallel()
	session := connected(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := session.Run(ctx, Step{Script: "echo never"})
	require.ErrorIs(t, err, context.Canceled)
}

func TestTheLockIsOneSessionsUntilItEnds(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t)
	client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server}))
	path := filepath.Join(t.TempDir(), "it's\na lock")
	one, two := client.Open(t.Context(), Host{Address: "h"}), client.Open(t.Context(), Host{Address: "h"})

	assert.Equal(t, 0, status(t, one.Lock(path)))
	assert.Equal(t, 0, status(t, one.Lock(path)), "a second time is no other")
	assert.Equal(t, Locked, status(t, two.Lock(path)))
	assert.Equal(t, 0, status(t, one.Unlock()))
	assert.Equal(t, 0, status(t, two.Lock(path)))
	assert.Equal(t, Locked, status(t, one.Lock(path)))
	// A daemon that outlives its step has no part of the lock.
	result, err := two.Run(t.Context(), Step{Script: `setsid sh -c 'echo $$; exec sleep 600' >"$1" 2>/dev/null </dev/null & while [ ! -s "$1" ]; do sleep 0.01; done; cat "$1"`, Args: []string{path + ".pid"}})
	require.NoError(t, err)
	pid := strings.TrimSpace(string(result.Stdout))
	t.Cleanup(func() { assert.NoError(t, exec.Command("kill", pid).Run()) })
	require.NoError(t, two.Close())
	assert.Eventually(t, func() bool { return status(t, one.Lock(path)) == 0 }, 10*time.Second, 10*time.Millisecond)

	refused, err := one.Lock(filepath.Join(path, "no/such/folder")).Wait(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 74, refused.Status)
	assert.NotEmpty(t, refused.Stderr)
}

func status(t *testing.T, pending *Pending) int {
	t.Helper()
	result, err := pending.Wait(t.Context())
	require.NoError(t, err)
	return result.Status
}

const killedConfig, killedLock = "SKYCAP_SSH_TEST_CONFIG", "SKYCAP_SSH_TEST_LOCK"

// TestClientToBeKilled is no test by itself: it is the client that the next one kills.
func TestClientToBeKilled(t *testing.T) {
	config := os.Getenv(killedConfig)
	if config == "" {
		t.Skip("it is run by TestAKilledClientLeavesNothing")
	}
	session := clientOf(t, config).Open(t.Context(), Host{Address: "h"})
	session.Lock(os.Getenv(killedLock))
	_, err := session.Run(t.Context(), Step{Script: stubborn, Output: os.Stdout})
	t.Error(err)
}

func TestAKilledClientLeavesNothing(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t)
	config, lock := sshtest.Config(t, sshtest.Alias{Name: "h", Server: server}), filepath.Join(t.TempDir(), "lock")
	client := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestClientToBeKilled$")
	client.Env = append(os.Environ(), killedConfig+"="+config, killedLock+"="+lock, "TMPDIR="+t.TempDir())
	pids := newLines()
	client.Stdout, client.Stderr = pids, os.Stderr
	require.NoError(t, client.Start())
	child, grandchild := <-pids.line, <-pids.line
	other := clientOf(t, config).Open(t.Context(), Host{Address: "h"})
	assert.Equal(t, Locked, status(t, other.Lock(lock)))

	require.NoError(t, client.Process.Kill())
	_ = client.Wait()
	assertEnded(t, child)
	assertEnded(t, grandchild)
	assert.Eventually(t, func() bool { return status(t, other.Lock(lock)) == 0 }, 10*time.Second, 10*time.Millisecond)
}

func TestADeadNetworkFreesTheLock(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t)
	network := sshtest.Dial(t, server, 0, 0)
	client := clientOf(t, sshtest.Config(t,
		sshtest.Alias{Name: "h", Server: server},
		sshtest.Alias{Name: "far", Server: server, Port: network.Port, Lines: []string{"ServerAliveInterval 1", "ServerAliveCountMax 3"}},
	))
	client.silence = 3 * time.Second
	lock := filepath.Join(t.TempDir(), "lock")
	far, near := client.Open(t.Context(), Host{Address: "far"}), client.Open(t.Context(), Host{Address: "h"})
	require.Equal(t, 0, status(t, far.Lock(lock)))
	pids := newLines()
	pending := far.Send(Step{Name: "slow", Script: stubborn, Output: pids})
	behind := far.Send(Step{Name: "behind", Script: "true"})
	child, grandchild := <-pids.line, <-pids.line

	network.Freeze()
	frozen := time.Now()
	assert.Equal(t, Locked, status(t, near.Lock(lock)))
	assertEnded(t, child)
	assertEnded(t, grandchild)
	assert.Eventually(t, func() bool { return status(t, near.Lock(lock)) == 0 }, 10*time.Second, 10*time.Millisecond)
	assert.Less(t, time.Since(frozen), client.silence+4*time.Second)

	var unknown *UnknownError
	_, err := pending.Wait(t.Context())
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, "slow", unknown.Step)
	_, err = behind.Wait(t.Context())
	require.ErrorAs(t, err, &unknown)
	assert.False(t, far.Alive())
	_, err = far.Run(t.Context(), Step{})
	var lost *UnreachableError
	require.ErrorAs(t, err, &lost)
	assert.True(t, lost.Lost)
}

// A client that lives, and is idle for long, keeps its session and its lock.
func TestAnIdleSessionLives(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t)
	client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server}))
	client.silence = 1200 * time.Millisecond
	session := client.Open(t.Context(), Host{Address: "h"})
	_, err := session.Run(t.Context(), Step{Script: "sleep 3"})
	require.NoError(t, err)
	// Input that is not read for longer than the bound is no silence either.
	result, err := session.Run(t.Context(), Step{Script: "sleep 3; wc -c | tr -d ' \\n'", Input: make([]byte, 1<<20)})
	require.NoError(t, err)
	assert.Equal(t, "1048576", string(result.Stdout))
	_, err = session.Run(t.Context(), Step{Script: "true"})
	require.NoError(t, err)
}

func TestTheContextOfOpenBoundsTheSession(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t)
	client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server}))
	ctx, cancel := context.WithCancel(t.Context())
	session := client.Open(ctx, Host{Address: "h"})
	pids := newLines()
	pending := session.Send(Step{Script: stubborn, Output: pids})
	child := <-pids.line
	cancel()
	_, err := pending.Wait(t.Context())
	require.ErrorIs(t, err, context.Canceled)
	assertEnded(t, child)
	_, err = session.Run(t.Context(), Step{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestCloseEndsWhatRuns(t *testing.T) {
	t.Parallel()
	session := connected(t)
	pids := newLines()
	pending := session.Send(Step{Script: stubborn, Output: pids})
	child := <-pids.line
	begun := time.Now()
	require.NoError(t, session.Close())
	assert.Less(t, time.Since(begun), closeGrace)
	_, err := pending.Wait(t.Context())
	require.True(t, errors.Is(err, ErrClosed), err)
	assertEnded(t, child)
	_, err = session.Run(t.Context(), Step{})
	require.ErrorIs(t, err, ErrClosed)
	require.NoError(t, session.Close())
}

// A host that doesn't answer any more shows whether it is waited for.
func TestASessionWithNothingToEndIsClosedWithoutWaiting(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t)
	for _, holds := range []bool{false, true} {
		network := sshtest.Dial(t, server, 0, 0)
		client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server, Port: network.Port}))
		session := client.Open(t.Context(), Host{Address: "h"})
		path := filepath.Join(t.TempDir(), "lock")
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		locked, err := session.Lock(path).Wait(t.Context())
		require.NoError(t, err)
		require.Zero(t, locked.Status)
		if !holds {
			_, err = session.Unlock().Wait(t.Context())
			require.NoError(t, err)
		}
		network.Freeze()
		begun := time.Now()
		require.NoError(t, session.Close())
		assert.Equal(t, holds, time.Since(begun) >= closeGrace)
	}
}
