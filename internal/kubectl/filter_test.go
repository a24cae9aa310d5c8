package kubectl

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// recorded is a real run of a real kubectl against an API server that misbehaved on purpose.
type recorded struct {
	Kubectl string   // version
	Server  string   // how it misbehaved
	Args    []string // of kubectl
	Status  int      // -1: it hung until it was killed
	Stderr  string
	Reason  Reason // that a failure has
}

func (r recorded) String() string {
	return fmt.Sprintf("kubectl %s %s against %q", r.Kubectl, strings.Join(r.Args, " "), r.Server)
}

func (r recorded) err(command run.Command) error {
	switch r.Status {
	case 0:
		return nil
	case -1:
		return &run.TimeoutError{Command: command, After: time.Minute}
	}
	return &run.ExitError{Command: command, Code: r.Status}
}

func recordedRuns(t *testing.T) []recorded {
	t.Helper()
	file, err := os.Open("testdata/runs.jsonl")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	var runs []recorded
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var found recorded
		require.NoError(t, json.Unmarshal(lines.Bytes(), &found))
		runs = append(runs, found)
	}
	require.NotEmpty(t, runs)
	return runs
}

// heard is what becomes of a run: what the user and the debug log are told, and the error.
type heard struct {
	warnings, debug []string
	err             error
}

// replay has kubectl say what it said, cut at some bytes.
func replay(t *testing.T, r recorded, cuts ...int) heard {
	t.Helper()
	var h heard
	client := Client{
		Context: "c", Namespace: "n",
		Warn:  func(text string) { h.warnings = append(h.warnings, text) },
		Debug: func(text string) { h.debug = append(h.debug, text) },
		Runner: &recorder{err: func(command run.Command) error {
			from := 0
			for _, to := range append(cuts, len(r.Stderr)) {
				_, err := command.Stderr.Write([]byte(r.Stderr[from:to]))
				require.NoError(t, err)
				from = to
			}
			return r.err(command)
		}},
	}
	_, h.err = client.call(t.Context(), client.command(r.Args...))
	return h
}

func TestOfASuccessOnlyWarningsAreHeard(t *testing.T) {
	t.Parallel()
	for _, r := range recordedRuns(t) {
		if r.Status != 0 {
			continue
		}
		h := replay(t, r)
		require.NoError(t, h.err, r)
		var warnings []string
		for line := range strings.Lines(r.Stderr) {
			line = strings.TrimSuffix(line, "\n")
			if text, ok := strings.CutPrefix(line, "Warning: "); ok {
				warnings = append(warnings, text)
			} else {
				assert.Contains(t, strings.Join(h.debug, "\n"), line, r)
			}
		}
		assert.Equal(t, warnings, h.warnings, r)
	}
}

var klogHeader = regexp.MustCompile(`^[IWEF]\d{4} [^\]]*\] `)

func TestOfAFailureNothingIsHidden(t *testing.T) {
	t.Parallel()
	for _, r := range recordedRuns(t) {
		if r.Status == 0 {
			continue
		}
		h := replay(t, r)
		var failure *Error
		require.ErrorAs(t, h.err, &failure, r)
		assert.Equal(t, r.Reason, failure.Reason, "%s\n%s", r, failure.Text)
		assert.Equal(t, "c", failure.Context)
		assert.Equal(t, "n", failure.Namespace)
		for line := range strings.Lines(r.Stderr) {
			line = strings.TrimRight(line, "\r\n")
			line = klogHeader.ReplaceAllString(line, "") // equal entries are told once
			assert.Contains(t, failure.Text, strings.TrimPrefix(line, "error: "), r)
		}
		assert.NotEmpty(t, failure.Text, r)
	}
}

// written is what the filter makes of a text that comes cut at some bytes.
func written(t *testing.T, text string, cuts ...int) []record {
	t.Helper()
	var f filter
	from := 0
	for _, to := range append(cuts, len(text)) {
		written, err := f.Write([]byte(text[from:to]))
		require.NoError(t, err)
		require.Equal(t, to-from, written)
		from = to
	}
	f.flush()
	return f.records
}

func TestWhereTheOutputIsCutMakesNoDifference(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's
	for _, r := range recordedRuns(t) {
		if r.Stderr == "" {
			continue
		}
		whole := written(t, r.Stderr)
		everyByte := make([]int, len(r.Stderr))
		for i := range everyByte {
			everyByte[i] = i
		}
		require.Equal(t, whole, written(t, r.Stderr, everyByte...), r)
		for range 5 {
			cut := random.IntN(len(r.Stderr))
			require.Equal(t, whole, written(t, r.Stderr, cut, cut+random.IntN(len(r.Stderr)-cut)), "%s cut at %d", r, cut)
		}
	}
}

// failing is the error of a kubectl that ended with status 1.
func failing(t *testing.T, stderr string) *Error {
	t.Helper()
	var failure *Error
	require.ErrorAs(t, replay(t, recorded{Status: 1, Stderr: stderr}).err, &failure)
	return failure
}

const (
	outage  = `E1123 14:57:08.424000   13670 memcache.go:287] "Unhandled Error" err="couldn't get resource list for metrics.k8s.io/v1beta1: connection refused"`
	refused = `Error from server (Forbidden): deployments.apps is forbidden: User "ci" cannot list resource "deployments" in API group "apps"`
)

func TestALastLineWithoutNewlineIsNotLost(t *testing.T) {
	t.Parallel()
	assert.Equal(t, refused, failing(t, refused).Text)
	assert.Equal(t, []string{"be careful"}, replay(t, recorded{Stderr: "Warning: be careful"}).warnings)
}

// kubectl from 1.34 on prints complaints about kuberc without a newline.
func TestGluedLines(t *testing.T) {
	t.Parallel()
	for _, complaint := range []string{
		"kuberc: no preferences loaded from /home/ci/.kube/kuberc, use --v=5 to see details",
		`kuberc: ignoring strict decoding error in /home/ci/.kube/kuberc: strict decoding error: unknown field "bogus"`,
	} {
		failure := failing(t, complaint+refused+"\n")
		assert.Equal(t, Denied, failure.Reason)
		assert.Contains(t, failure.Text, refused)
	}
}

func TestNoiseComesLastAndEqualEntriesOnce(t *testing.T) {
	t.Parallel()
	later := strings.Replace(outage, "08.424000", "09.524000", 1)
	text := failing(t, outage+"\n"+later+"\n"+refused+"\n"+outage+"\n").Text
	said, noise, _ := strings.Cut(text, "\n")
	assert.Equal(t, refused, said)
	assert.Equal(t, `"Unhandled Error" err="couldn't get resource list for metrics.k8s.io/v1beta1: connection refused" (×3)`, noise)
}

// Neither what an API that is down says nor a warning is why this command failed.
func TestTheReasonIsOfTheFatalText(t *testing.T) {
	t.Parallel()
	conflict := "Error from server (Conflict): the object has been modified"
	assert.Equal(t, Other, failing(t, outage+"\n"+conflict+"\n").Reason)
	assert.Equal(t, Other, failing(t, "Warning: [my-policy] Connection refused errors are not retried\n"+conflict+"\n").Reason)
	assert.Equal(t, Unreachable, failing(t, outage+"\n").Reason, "unless there is nothing else")
	assert.Equal(t, Conflict, failing(t, `error: Apply failed with 2 conflicts: conflicts with "helm" using apps/v1:`+"\n- .spec.replicas\n").Reason)
	assert.Equal(t, NoContext, failing(t, `error: context "prod" does not exist`).Reason)
	assert.Equal(t, Unreachable, failing(t, "Unable to connect to the server: dial tcp 10.0.0.1:443: connectex: "+
		"No connection could be made because the target machine actively refused it.").Reason)
	assert.Equal(t, Unreachable, failing(t, "Unable to connect to the server: proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused").Reason)
	assert.Equal(t, Other, failing(t, "").Reason)
}

func TestAFatalEntryIsNeverHeld(t *testing.T) {
	t.Parallel()
	fatal := "F1123 15:13:15.933057   13799 cred.go:145] print credential failed with error: log in again with: gcloud auth login"
	assert.Contains(t, failing(t, outage+"\n"+fatal+"\n").Text, fatal)
}

func TestAWarningIsToldOnce(t *testing.T) {
	t.Parallel()
	warnings := "Warning: a\nWarning: b\r\nWarning: a\n"
	assert.Equal(t, []string{"a", "b"}, replay(t, recorded{Stderr: warnings}).warnings)
	h := replay(t, recorded{Status: 1, Stderr: warnings + refused})
	assert.Equal(t, []string{"a", "b"}, h.warnings, "also by a failure")
	var failure *Error
	require.ErrorAs(t, h.err, &failure)
	assert.Equal(t, Denied, failure.Reason)
}

func TestAGiantLine(t *testing.T) {
	t.Parallel()
	giant := strings.Repeat("x", 100<<10)
	assert.Contains(t, failing(t, giant+"\n"+refused+"\n").Text, giant)
}
