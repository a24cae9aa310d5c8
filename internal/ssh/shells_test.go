package ssh

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/ssh/sshtest"
)

// The sh of a host may be any of these.
func TestEveryShellWillDo(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"dash", "bash", "busybox"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s is not installed", shell)
			continue
		}
		folder := t.TempDir()
		require.NoError(t, os.Symlink(path, filepath.Join(folder, "sh")))
		server := sshtest.Start(t, fmt.Sprintf(`ForceCommand PATH=%s:$PATH; export PATH; exec sh -c "$SSH_ORIGINAL_COMMAND"`, folder))
		session := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server})).Open(t.Context(), Host{Address: "h"})

		lock := filepath.Join(folder, "lock")
		assert.Equal(t, 0, status(t, session.Lock(lock)), shell)
		result, err := session.Run(t.Context(), Step{Script: `printf '%s' "$1"; cat; kill -KILL $$`, Args: []string{string(allBytes()[1:])}, Input: allBytes()})
		require.NoError(t, err, shell)
		assert.Equal(t, Result{Status: 137, Signal: "KILL", Stdout: append(allBytes()[1:], allBytes()...)}, result, shell)
		pids := newLines()
		_, err = session.Run(t.Context(), Step{Script: stubborn, Output: pids, Timeout: time.Second})
		var late *TimeoutError
		require.ErrorAs(t, err, &late, shell)
		assertEnded(t, <-pids.line)
		assertEnded(t, <-pids.line)
		pending := session.Send(Step{Script: stubborn, Output: pids})
		child := <-pids.line
		require.NoError(t, session.Close())
		_, err = pending.Wait(t.Context())
		require.ErrorIs(t, err, ErrClosed, shell)
		assertEnded(t, child)
	}
}

// Whatever the login shell is, it reads the bootstrap alike.
func TestEveryLoginShellReadsTheBootstrap(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"dash", "bash", "csh", "fish", "zsh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s is not installed", shell)
			continue
		}
		command := exec.CommandContext(t.Context(), path, "-c", bootstrap)
		stdin, err := command.StdinPipe()
		require.NoError(t, err)
		_, err = stdin.Write([]byte(`printf %s "it's the "\ncat` + "\nrest"))
		require.NoError(t, err)
		require.NoError(t, stdin.Close())
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", shell, out)
		assert.Equal(t, "it's the rest", string(out), shell)
	}
}
