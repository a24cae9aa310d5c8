package benchhosts

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/endtoend/measure"
)

// ran is what a run of a program took.
type ran struct {
	seconds float64
	memory  int // of the program itself at its peak, in KiB
}

// command runs a program that must succeed, and returns its stdout.
func command(t *testing.T, folder string, env []string, name string, args ...string) string {
	t.Helper()
	var stdout bytes.Buffer
	timed(t, folder, env, &stdout, name, args...)
	return strings.TrimSpace(stdout.String())
}

// timed runs a program that must succeed, and tells what it took.
func timed(t *testing.T, folder string, env []string, stdout *bytes.Buffer, name string, args ...string) ran {
	t.Helper()
	var out, stderr bytes.Buffer
	if stdout == nil {
		stdout = &out
	}
	program := exec.CommandContext(t.Context(), name, args...)
	program.Dir, program.Env = folder, append(os.Environ(), env...)
	program.Stdout, program.Stderr = stdout, &stderr
	begun := time.Now()
	require.NoError(t, program.Start())
	peak := make(chan int)
	ended := make(chan struct{})
	go func() { peak <- measure.Peak(program.Process.Pid, ended) }()
	err := program.Wait()
	took := time.Since(begun)
	close(ended)
	require.NoError(t, err, "%s %s:\n%s%s", name, strings.Join(args, " "), stdout, &stderr)
	return ran{seconds: took.Seconds(), memory: <-peak}
}

// skycap deploys a revision, over ssh with a configuration.
func (b *bench) skycap(t *testing.T, config, revision, environment string) ran {
	t.Helper()
	binary, err := filepath.Abs("../../../bin/skycap")
	require.NoError(t, err)
	return timed(t, b.repository, []string{"SKYCAP_SSH_CONFIG=" + config}, nil, binary, "deploy", revision, environment)
}
