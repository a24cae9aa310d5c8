//go:build unix

package benchconfig

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/endtoend/measure"
)

// ran is what a run of a program took.
type ran struct {
	seconds float64
	cpu     float64 // seconds, of what it started too
	memory  int     // of the program itself at its peak, in KiB
}

func seconds(r ran) float64 { return r.seconds }
func cpu(r ran) float64     { return r.cpu }
func memory(r ran) float64  { return float64(r.memory) / 1024 }

// timed runs a program that must succeed, its stdout in a file, and tells what it took.
func timed(t *testing.T, program *exec.Cmd, stdout string) ran {
	t.Helper()
	out, err := os.OpenFile(stdout, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	require.NoError(t, err)
	defer func() { _ = out.Close() }()
	var stderr bytes.Buffer
	program.Stdout, program.Stderr = out, &stderr
	begun := time.Now()
	require.NoError(t, program.Start())
	peak := make(chan int)
	ended := make(chan struct{})
	go func() { peak <- measure.Peak(program.Process.Pid, ended) }()
	err = program.Wait()
	took := time.Since(begun)
	close(ended)
	require.NoError(t, err, "%s:\n%s", program, &stderr)
	state := program.ProcessState
	return ran{took.Seconds(), (state.UserTime() + state.SystemTime()).Seconds(), <-peak}
}
