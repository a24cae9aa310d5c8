package endtoend

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// outcome is what a run of skycap gave.
type outcome struct {
	code           int
	stdout, stderr string
}

// running is a skycap that has not ended yet.
type running struct {
	c       *checkout
	program *exec.Cmd
	lines   *bufio.Reader
	seen    bytes.Buffer
	stderr  bytes.Buffer
}

// start starts skycap in the checkout.
func (c *checkout) start(args ...string) *running {
	c.t.Helper()
	r := c.prepare(args...)
	r.begin()
	return r
}

// prepare is a skycap that has not begun yet.
func (c *checkout) prepare(args ...string) *running {
	c.t.Helper()
	r := &running{c: c, program: exec.Command(shared.binary, args...)}
	r.program.Dir, r.program.Env, r.program.Stderr = c.folder, append(append(os.Environ(), "XDG_CACHE_HOME="+c.temporary+"/cache"), c.env...), &r.stderr
	return r
}

func (r *running) begin() {
	r.c.t.Helper()
	stdout, err := r.program.StdoutPipe()
	require.NoError(r.c.t, err)
	require.NoError(r.c.t, r.program.Start())
	r.lines = bufio.NewReader(io.TeeReader(stdout, &r.seen))
}

// until reads events up to the first that matches.
func (r *running) until(matches func(skycap.Event) bool) {
	r.c.t.Helper()
	for {
		line, err := r.lines.ReadBytes('\n')
		if err != nil {
			r.c.t.Fatalf("skycap ended before the event that was waited for: %s%s", &r.seen, &r.stderr)
		}
		var event skycap.Event
		require.NoError(r.c.t, json.Unmarshal(line, &event), "%s", line)
		if matches(event) {
			return
		}
	}
}

// end waits for skycap's end.
func (r *running) end() outcome {
	r.c.t.Helper()
	_, err := io.Copy(io.Discard, r.lines)
	require.NoError(r.c.t, err)
	_ = r.program.Wait() // its exit code says more
	r.c.said.add(r.seen.String(), r.stderr.String())
	return outcome{code: r.program.ProcessState.ExitCode(), stdout: r.seen.String(), stderr: r.stderr.String()}
}

// skycap runs skycap to its end.
func (c *checkout) skycap(args ...string) outcome { c.t.Helper(); return c.start(args...).end() }

// ok runs skycap, which must succeed, and returns its stdout.
func (c *checkout) ok(args ...string) string {
	c.t.Helper()
	o := c.skycap(args...)
	require.Zero(c.t, o.code, "skycap %s:\n%s\n%s", strings.Join(args, " "), o.stdout, o.stderr)
	return o.stdout
}

// deploy deploys with success and returns the result.
func (c *checkout) deploy(revision, environment string, more ...string) skycap.Result {
	c.t.Helper()
	o := c.skycap(append([]string{"deploy", revision, environment, "--timeout=90s", "-o", "json"}, more...)...)
	require.Zero(c.t, o.code, "deploy %s %s:\n%s\n%s", revision, environment, o.stdout, o.stderr)
	result := c.result(o)
	assert.Equal(c.t, skycap.ResultOK, result.Word)
	assert.True(c.t, result.Healthy)
	return result
}

// events decodes what deploy, restart and their like print, and proves its form.
func (c *checkout) events(o outcome) []skycap.Event {
	c.t.Helper()
	var events []skycap.Event
	for line := range strings.Lines(o.stdout) {
		events = append(events, decode[skycap.Event](c, line))
		last := events[len(events)-1]
		assert.Equal(c.t, skycap.EventSchema, last.Schema)
		assert.Equal(c.t, len(events), last.Seq)
		assert.NotZero(c.t, last.Time)
	}
	return events
}

// result is the last event, which every run ends with.
func (c *checkout) result(o outcome) skycap.Result {
	c.t.Helper()
	events := c.events(o)
	require.NotEmpty(c.t, events, "no event at all; stderr: %s", o.stderr)
	last := events[len(events)-1]
	require.Equal(c.t, skycap.EventResult, last.Type)
	require.NotNil(c.t, last.Result)
	assert.Equal(c.t, o.code, last.ExitCode)
	assert.Equal(c.t, o.code, last.Word.ExitCode())
	return *last.Result
}

// decode reads a document, which may have no field that its type doesn't have.
func decode[T any](c *checkout, text string) T {
	c.t.Helper()
	var document T
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	require.NoError(c.t, decoder.Decode(&document), "%s", text)
	return document
}

func (c *checkout) status(environment string) skycap.ServiceStatus {
	c.t.Helper()
	status := decode[skycap.Status](c, c.ok("status", environment, "-o", "json"))
	require.Len(c.t, status.Services, 1)
	return status.Services[0]
}

func (c *checkout) history(environment string) []skycap.Release {
	c.t.Helper()
	return decode[skycap.History](c, c.ok("history", environment, "-o", "json")).Releases
}

// assertNothingLeft proves that no process and no folder of any run is left.
func (c *checkout) assertNothingLeft() {
	left, err := filepath.Glob(filepath.Join(c.temporary, "skycap-*"))
	assert.NoError(c.t, err)
	assert.Empty(c.t, left, "folders that skycap left")
	assert.Empty(c.t, c.processes(), "processes that skycap left")
}

// processes are the command lines of those that run in the test's TMPDIR.
func (c *checkout) processes() []string {
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	assert.NoError(c.t, err)
	var found []string
	for _, file := range environments {
		environment, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(environment, []byte("\x00TMPDIR="+c.temporary+"\x00")) {
			continue // it ended, or is no process of ours
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		found = append(found, strconv.Quote(strings.ReplaceAll(string(line), "\x00", " ")))
	}
	return found
}
