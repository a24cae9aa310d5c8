package kubectl

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/noise"
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
	warnings, said, debug []string
	err                   error
}

// replay has kubectl say what it said, cut at some bytes.
func replay(t *testing.T, r recorded, cuts ...int) heard {
	t.Helper()
	var h heard
	client := Client{
		Context: "c", Namespace: "n",
		Warn:  func(text string) { h.warnings = append(h.warnings, text) },
		Say:   func(text string) { h.said = append(h.said, text) },
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

// What is noise, internal/noise proves with more runs: here it is told to whom it belongs.
func TestOfASuccessNoiseIsNotHeard(t *testing.T) {
	t.Parallel()
	for _, r := range recordedRuns(t) {
		if r.Status != 0 {
			continue
		}
		h := replay(t, r)
		require.NoError(t, h.err, r)
		for line := range strings.Lines(r.Stderr) {
			line = strings.TrimSuffix(line, "\n")
			told := h.said
			switch rule := noise.Default().Match([]byte(line)); {
			case rule != nil && rule.Class == noise.Noise:
				told = h.debug
			case rule != nil && rule.Class == noise.Warning:
				told, line = h.warnings, strings.TrimPrefix(line, "Warning: ")
			}
			assert.Contains(t, told, line, r)
		}
		assert.Len(t, strings.Split(r.Stderr, "\n"), 1+len(h.warnings)+len(h.said)+len(h.debug)-len(h.unknown()), r)
	}
}

// unknown are the details that tell of families that no rule knows.
func (h heard) unknown() []string {
	return slices.DeleteFunc(slices.Clone(h.debug), func(text string) bool { return !strings.HasPrefix(text, "no rule knows") })
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
			assert.Contains(t, strings.Join(append(failure.Before, failure.Text), "\n"), strings.TrimPrefix(line, "error: "), r)
		}
		assert.NotEmpty(t, failure.Text, r)
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
		assert.Equal(t, Forbidden, failure.Reason)
		assert.Contains(t, failure.Text, refused)
	}
}

func TestNoiseStandsApartAndEqualEntriesOnce(t *testing.T) {
	t.Parallel()
	later := strings.Replace(outage, "08.424000", "09.524000", 1)
	failure := failing(t, outage+"\n"+later+"\n"+refused+"\n"+outage+"\n")
	assert.Equal(t, refused, failure.Text)
	told := `"Unhandled Error" err="couldn't get resource list for metrics.k8s.io/v1beta1: connection refused" (×3)`
	assert.Equal(t, []string{told}, failure.Before)
	assert.Equal(t, told, failing(t, strings.Repeat(outage+"\n", 3)).Text, "unless there is nothing else")
}

// Neither what an API that is down says nor a warning is why this command failed.
func TestTheReasonIsOfTheFatalText(t *testing.T) {
	t.Parallel()
	conflict := "Error from server (Conflict): the object has been modified"
	assert.Equal(t, Stale, failing(t, outage+"\n"+conflict+"\n").Reason)
	assert.Equal(t, Stale, failing(t, "Warning: [my-policy] Connection refused errors are not retried\n"+conflict+"\n").Reason)
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
	assert.Equal(t, Forbidden, failure.Reason)
}

func TestAGiantLine(t *testing.T) {
	t.Parallel()
	giant := strings.Repeat("x", 100<<10)
	failure := failing(t, giant+"\n"+refused+"\n")
	assert.True(t, slices.Contains(failure.Before, giant))
	assert.Equal(t, refused, failure.Text)
}

// Who has to log in waits for a code.
func TestWhatIsNoNoiseIsToldAtOnce(t *testing.T) {
	t.Parallel()
	var said []string
	client := Client{Say: func(text string) { said = append(said, text) }, Runner: &recorder{err: func(command run.Command) error {
		_, err := command.Stderr.Write([]byte("To sign in, enter the code ABC\n"))
		require.NoError(t, err)
		assert.Equal(t, []string{"To sign in, enter the code ABC"}, said)
		_, err = command.Stderr.Write([]byte(refused + "\nmore of it\n"))
		require.NoError(t, err)
		return &run.ExitError{Command: command, Code: 1}
	}}}
	_, err := client.call(t.Context(), client.command("get", "pods"))
	assert.EqualError(t, err, refused+"\nmore of it")
	assert.Len(t, said, 1, "an error is told by the error")
}

// A proxy goes on after an error, and whoever has to log in waits for a code meanwhile.
func TestAnErrorIsToldOfAKubectlThatGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		client := Client{Say: func(text string) { said = append(said, text) }}
		filter := client.listen(client.command("proxy"))
		write := func(text string) {
			_, err := filter.Write([]byte(text))
			require.NoError(t, err)
		}
		expired, signIn := "ERROR: cached token has expired", "To sign in, use a web browser to open https://microsoft.com/devicelogin and enter the code ABCD"
		write(expired + "\n")
		time.Sleep(noise.Pause / 2)
		assert.Empty(t, said, "it may be why it ends")
		write(signIn + "\n")
		time.Sleep(noise.Pause/2 + time.Millisecond)
		synctest.Wait()
		assert.Equal(t, []string{expired, signIn}, said)
		write("Waiting\n")
		assert.Equal(t, "Waiting", said[2], "then at once")
		write("error: bye\n")
		filter.End(true)
		assert.Len(t, said, 3)
		text, before := filter.apart()
		assert.Equal(t, strings.Join([]string{expired, signIn, "Waiting", "error: bye"}, "\n"), text)
		assert.Empty(t, before)
	})
}

func TestAQuestionIsToldThoughItsLineHasNoEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		client := Client{Say: func(text string) { said = append(said, text) }}
		filter := client.listen(client.command("proxy"))
		for _, text := range []string{"E", "nter MFA", " code: "} {
			_, err := filter.Write([]byte(text))
			require.NoError(t, err)
		}
		time.Sleep(noise.Pause + time.Millisecond)
		synctest.Wait()
		assert.Equal(t, []string{"Enter MFA code: "}, said)
		_, err := filter.Write([]byte("\nthanks\n"))
		require.NoError(t, err)
		filter.End(false)
		assert.Equal(t, []string{"Enter MFA code: ", "thanks"}, said)
	})
}

func TestMemoryOfErrorsIsFlat(t *testing.T) { //nolint:paralleltest // it measures the whole process
	used := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	client := Client{}
	filter := client.listen(client.command("get"))
	before := used()
	for i := range 400 {
		_, err := fmt.Fprintf(filter, "error: %d %s\n", i, strings.Repeat("x", 500<<10))
		require.NoError(t, err)
	}
	assert.Less(t, used(), before+16<<20)
	filter.End(true)
	text, _ := filter.apart()
	assert.True(t, strings.HasPrefix(text, "error: 0 "))
}

func TestASilenceShowsWhatIsHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		client := Client{Say: func(text string) { said = append(said, text) }, Runner: &recorder{err: func(command run.Command) error {
			_, err := command.Stderr.Write([]byte(outage + "\n"))
			require.NoError(t, err)
			time.Sleep(noise.Silence)
			synctest.Wait()
			assert.Equal(t, []string{`"kubectl --context= --namespace= get pods" has said nothing but this for 10s:`, outage}, said)
			return nil
		}}}
		_, err := client.call(t.Context(), client.command("get", "pods"))
		require.NoError(t, err)
	})
}

func TestWarningsAndNoiseOfManyCalls(t *testing.T) {
	t.Parallel()
	var warnings []string
	log := &noise.Log{}
	client := Client{Noise: log, Warn: func(text string) { warnings = append(warnings, text) }, Runner: &recorder{err: func(command run.Command) error {
		_, err := command.Stderr.Write([]byte("Warning: a\n" + outage + "\n"))
		return err
	}}}
	for range 3 {
		_, err := client.call(t.Context(), client.command("get", "pods"))
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"a"}, warnings)
	assert.Equal(t, 3, log.Hidden())
}

func TestOfAnEndlessTextTheBeginningAndTheEndAreKept(t *testing.T) {
	t.Parallel()
	text := failing(t, "error: it begins\n"+strings.Repeat("0123456789abcdef\n", 1<<18)+"it ends\n").Text
	assert.Less(t, len(text), 3*clippedAt)
	assert.True(t, strings.HasPrefix(text, "it begins\n") && strings.HasSuffix(text, "it ends"))
}
