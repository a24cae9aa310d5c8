package run

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommandPrintsAsOneCouldPasteIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		command Command
		want    string
	}{
		{Command{Name: "kubectl", Args: []string{"--context=a", "get", "-f", "-"}}, "kubectl --context=a get -f -"},
		{Command{Name: "hg", Args: []string{"log", "--rev=last(branch(default))"}}, "hg log '--rev=last(branch(default))'"},
		{Command{Name: "echo", Args: []string{"it's", "", "$HOME", "a\nb"}}, `echo 'it'\''s' '' '$HOME' 'a` + "\n" + `b'`},
	} {
		assert.Equal(t, test.want, test.command.String())
		var out bytes.Buffer
		err := Local{}.Run(t.Context(), Command{Name: "sh", Args: []string{"-c", "printf '%s|' " + test.command.String()}, Stdout: &out})
		require.NoError(t, err)
		words := append([]string{test.command.Name}, test.command.Args...)
		assert.Equal(t, strings.Join(words, "|")+"|", out.String(), "a shell reads back the same words")
	}
}

func TestLocalErrorsAreTyped(t *testing.T) {
	t.Parallel()
	var missing *NotFoundError
	require.ErrorAs(t, Local{}.Run(t.Context(), Command{Name: "no-such-program-here"}), &missing)

	var exit *ExitError
	require.ErrorAs(t, Local{}.Run(t.Context(), Command{Name: "sh", Args: []string{"-c", "echo why >&2; exit 3"}}), &exit)
	assert.Equal(t, 3, exit.Code)
	assert.Equal(t, "why", exit.Stderr)

	var late *TimeoutError
	err := Local{}.Run(t.Context(), Command{Name: "sleep", Args: []string{"60"}, Timeout: 10 * time.Millisecond})
	require.ErrorAs(t, err, &late)

	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Local{}.Run(canceled, Command{Name: "sleep", Args: []string{"60"}}), context.Canceled)
}

func TestProgramThatLeavesSomethingBehindHasDoneWell(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	require.NoError(t, Local{}.Run(t.Context(), Command{Name: "sh", Args: []string{"-c", "setsid sleep 5 & exit 0"}, Stderr: &stderr}))
}

func TestProgramThatASignalEnds(t *testing.T) {
	t.Parallel()
	var exit *ExitError
	require.ErrorAs(t, Local{}.Run(t.Context(), Command{Name: "sh", Args: []string{"-c", "kill -9 $$"}}), &exit)
	assert.Equal(t, 137, exit.Code)
	assert.Contains(t, exit.Error(), "was ended by a signal: killed")
}

func TestStdinIsClosed(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, Local{}.Run(t.Context(), Command{Name: "cat", Stdout: &out}))
	assert.Empty(t, out.String())
}

// pidWriter hands over the pid that a program prints first.
type pidWriter chan int

func (w pidWriter) Write(data []byte) (int, error) {
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	w <- pid
	return len(data), err
}

func TestGrandchildrenEndWithTheContext(t *testing.T) {
	if _, err := os.Stat("/proc/self"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI runs this test: it needs Linux's process groups")
		}
		t.Skip("needs Linux: it looks for processes in /proc")
	}
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	pids := make(pidWriter, 1)
	done := make(chan error, 1)
	go func() {
		done <- Local{}.Run(ctx, Command{Name: "sh", Args: []string{"-c", "sleep 60 & echo $!; wait"}, Stdout: pids})
	}()
	grandchild := <-pids
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	assert.Eventually(t, func() bool { return ended(grandchild) }, 5*time.Second, 5*time.Millisecond)
}

// In the place of skycap stands this test itself, started again.
func TestGrandchildrenEndWithAKilledSkycap(t *testing.T) {
	if os.Getenv("RUN_GRANDCHILD") != "" {
		_ = Local{Guard: &Guard{}}.Run(t.Context(), Command{Name: "sh", Args: []string{"-c", "sleep 60 & echo $!; wait"}, Stdout: os.Stdout})
		return
	}
	if _, err := os.Stat("/proc/self"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI runs this test: it looks for processes in /proc")
		}
		t.Skip("needs Linux: it looks for processes in /proc")
	}
	t.Parallel()
	pids := make(pidWriter, 1)
	skycap := exec.Command(os.Args[0], "-test.run=^TestGrandchildrenEndWithAKilledSkycap$")
	skycap.Env = append(os.Environ(), "RUN_GRANDCHILD=yes")
	skycap.Stdout = pids
	require.NoError(t, skycap.Start())
	grandchild := <-pids
	require.False(t, ended(grandchild))
	require.NoError(t, skycap.Process.Kill())
	assert.Eventually(t, func() bool { return ended(grandchild) }, 5*time.Second, 5*time.Millisecond)
	_ = skycap.Wait()
}

func TestForegroundSharesOurGroupAndEndsWithTheContext(t *testing.T) {
	if _, err := os.Stat("/proc/self"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI runs this test: it needs Linux's process groups")
		}
		t.Skip("needs Linux: only there a program has a group of its own")
	}
	t.Parallel()
	for _, foreground := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		pids := make(pidWriter, 1)
		done := make(chan error, 1)
		go func() {
			done <- Local{}.Run(ctx, Command{
				Name: "sh", Args: []string{"-c", "echo $$; exec sleep 60"}, Stdout: pids, Foreground: foreground,
			})
		}()
		program := <-pids
		group, err := syscall.Getpgid(program)
		require.NoError(t, err)
		assert.Equal(t, foreground, group == syscall.Getpgrp())
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		assert.True(t, ended(program))
	}
}

// ended reports whether a process is gone, or is a zombie that its new parent has yet to collect.
func ended(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ") || syscall.Kill(pid, 0) != nil
}
