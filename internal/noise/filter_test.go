package noise

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// kubectlRun is a real run of a real kubectl against an API server that misbehaved on purpose.
type kubectlRun struct {
	Version string   `json:"ver"`
	Server  string   `json:"scn"` // how it misbehaved
	Args    []string `json:"args"`
	Status  any      `json:"rc"` // a number or TIMEOUT
	Stderr  string   `json:"err"`
}

func (r kubectlRun) String() string {
	return fmt.Sprintf("kubectl %s %s against %q", r.Version, strings.Join(r.Args, " "), r.Server)
}

func (r kubectlRun) failed() bool { return r.Status != 0.0 }

func kubectlRuns(t testing.TB) []kubectlRun {
	t.Helper()
	file, err := os.Open("testdata/runs.jsonl")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	var runs []kubectlRun
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var found kubectlRun
		require.NoError(t, json.Unmarshal(lines.Bytes(), &found))
		runs = append(runs, found)
	}
	require.NoError(t, lines.Err())
	require.Len(t, runs, 588)
	return runs
}

// heard is what becomes of a text.
type heard struct {
	shown, held string
	order       string // both, as they came
	rules       []string
	unknown     []string
	hidden      int
}

// filtered is what becomes of a text that comes cut at some bytes.
func filtered(t testing.TB, options Options, text string, failed bool, cuts ...int) heard {
	t.Helper()
	var h heard
	var order bytes.Buffer
	options.Out = both{&h.shown, &order}
	options.Replay = both{&h.shown, nil}
	options.Held = func(record []byte, rule *Rule) {
		h.held += string(record)
		order.Write(record)
		h.rules = append(h.rules, rule.ID)
	}
	options.Unknown = func(family string) { h.unknown = append(h.unknown, family) }
	if options.Log == nil {
		options.Log = &Log{}
	}
	filter := New(options)
	from := 0
	for _, to := range append(cuts, len(text)) {
		written, err := filter.Write([]byte(text[from:to]))
		require.NoError(t, err)
		require.Equal(t, to-from, written)
		from = to
	}
	require.NoError(t, filter.End(failed))
	h.order, h.hidden = order.String(), options.Log.Hidden()
	return h
}

// both is a writer to a text and, where there is one, to a buffer.
type both struct {
	text  *string
	order *bytes.Buffer
}

func (b both) Write(data []byte) (int, error) {
	*b.text += string(data)
	if b.order != nil {
		b.order.Write(data)
	}
	return len(data), nil
}

func TestOfRealRunsThatFailNothingIsHidden(t *testing.T) {
	t.Parallel()
	for _, r := range kubectlRuns(t) {
		if !r.failed() {
			continue
		}
		h := filtered(t, Options{}, r.Stderr, true)
		require.Equal(t, r.Stderr, h.order, r)
		require.ElementsMatch(t, strings.SplitAfter(r.Stderr, "\n"), strings.SplitAfter(h.shown, "\n"), r)
		require.Zero(t, h.hidden, r)
	}
}

// isKnownNoise says of lines of the runs that went well, apart from the rules, whether they are noise.
func isKnownNoise(line string) bool {
	for _, part := range []string{
		" memcache.go:", " request.go:", " reflector.go:", " helpers.go:", "Flag --", "warning: --", "No resources found",
		"WARNING: This version information", "If you don't see", "All commands and output", "is missing the kubectl.kubernetes.io/last-applied",
	} {
		if strings.Contains(line, part) {
			return true
		}
	}
	return false
}

func TestOfRealRunsThatGoWellTheNoiseIsHiddenAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, r := range kubectlRuns(t) {
		if r.failed() {
			continue
		}
		h := filtered(t, Options{}, r.Stderr, false)
		require.Equal(t, r.Stderr, h.order, r)
		var noise, rest string
		for line := range strings.Lines(r.Stderr) {
			if isKnownNoise(line) {
				noise += line
			} else {
				rest += line
			}
		}
		require.Equal(t, noise, h.held, r)
		require.Equal(t, rest, h.shown, r)
		require.Equal(t, strings.Count(noise, "\n"), h.hidden, r)
	}
}

func TestWhereTheTextIsCutMakesNoDifference(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, r := range kubectlRuns(t) {
		if r.Stderr == "" {
			continue
		}
		for _, text := range []string{r.Stderr, strings.ReplaceAll(r.Stderr, "\n", "\r\n")} {
			whole := filtered(t, Options{}, text, false)
			everyByte := make([]int, len(text))
			for i := range everyByte {
				everyByte[i] = i
			}
			require.Equal(t, whole, filtered(t, Options{}, text, false, everyByte...), r)
			for range 5 {
				cut := random.IntN(len(text))
				require.Equal(t, whole, filtered(t, Options{}, text, false, cut, cut+random.IntN(len(text)-cut)), "%s cut at %d", r, cut)
			}
		}
	}
}

const (
	outage   = `E1123 14:57:08.424000   13670 memcache.go:287] "Unhandled Error" err="couldn't get resource list for metrics.k8s.io/v1beta1: refused"` + "\n"
	refused  = `Error from server (Forbidden): deployments.apps is forbidden: User "ci" cannot list resource "deployments" in API group "apps"` + "\n"
	loginF   = "F1123 13:15:15.933057   13799 cred.go:145] print credential failed with error: log in again with: gcloud auth login\n"
	several  = "E1123 15:14:14.830462   14689 memcache.go:265] \"Unhandled Error\" err=<\n\tcouldn't get current server API group list: x\n\t\n\ty\n > groupVersion=\"v1\"\n"
	invalid  = `The Deployment "web" is invalid: spec.selector: Invalid value: field is immutable` + "\n"
	oldStyle = "E1123 15:14:14.768354   14684 memcache.go:265] couldn't get current server API group list: exec: executable x not found\n"
)

func TestWhatIsHeldAndWhatIsShown(t *testing.T) {
	t.Parallel()
	red := strings.NewReplacer("E1123", "\x1b[31mE1123", "\n", "\x1b[0m\n").Replace(outage)
	gcp := "W0509 17:55:55.415853  113282 gcp.go:120] WARNING: the gcp auth plugin is deprecated in v1.22+, unavailable in v1.25+; use gcloud instead.\n"
	for name, test := range map[string]struct{ in, shown string }{
		"an entry":                              {outage, ""},
		"in colour":                             {red, ""},
		"with CR LF":                            {strings.ReplaceAll(outage, "\n", "\r\n"), ""},
		"without a newline":                     {strings.TrimSuffix(outage, "\n"), ""},
		"an entry of several lines":             {several, ""},
		"that, with CR LF":                      {strings.ReplaceAll(several, "\n", "\r\n"), ""},
		"one that breaks off":                   {strings.Split(several, "\n >")[0], strings.Split(several, "\n >")[0]},
		"what follows it":                       {several + "\tnot of it\n", "\tnot of it\n"},
		"an entry to 1.30 and unknown lines":    {oldStyle + "\nIt looks like a plugin\n", "\nIt looks like a plugin\n"},
		"an entry to 1.30 and a known line":     {gcp + "To learn more, consult https://cloud.google.com/x\n", ""},
		"that line alone":                       {"To learn more, consult https://cloud.google.com/x\n", "To learn more, consult https://cloud.google.com/x\n"},
		"an entry nobody knows":                 {"W1123 13:00:00.000000  1 gcloud.go:1] chatter\n", "W1123 13:00:00.000000  1 gcloud.go:1] chatter\n"},
		"an unknown message of a known file":    {"E1123 13:00:00.000000  1 memcache.go:1] out of memory\n", "E1123 13:00:00.000000  1 memcache.go:1] out of memory\n"},
		"noise and then an error":               {outage + refused, outage + refused},
		"noise, an F entry, noise":              {outage + loginF + outage, outage + loginF},
		"an error glued to noise":               {strings.TrimSuffix(outage, "\n") + refused, strings.TrimSuffix(outage, "\n") + refused},
		"an error glued to a line of noise":     {"No resources found" + refused, "No resources found" + refused},
		"kubectl's own error glued":             {"No resources found in x namespace.error: no\n", "No resources found in x namespace.error: no\n"},
		"an invalid object glued":               {strings.TrimSuffix(oldStyle, "\n") + invalid, strings.TrimSuffix(oldStyle, "\n") + invalid},
		"an invalid object glued to a line":     {"No resources found" + invalid, "No resources found" + invalid},
		"an error behind a space":               {outage + strings.TrimSuffix(oldStyle, "\n") + " error: bad\n", outage + strings.TrimSuffix(oldStyle, "\n") + " error: bad\n"},
		"an error within client-go's own":       {strings.TrimSuffix(oldStyle, "\n") + ": error: bad\n", ""},
		"an F entry glued":                      {strings.TrimSuffix(oldStyle, "\n") + loginF, strings.TrimSuffix(oldStyle, "\n") + loginF},
		"a complaint about kuberc, glued":       {outage + "kuberc: no preferences, use --v=5 to see details" + refused, outage + "kuberc: no preferences, use --v=5 to see details" + refused},
		"a prompt":                              {"Password: ", "Password: "},
		"a file that only looks like one":       {strings.Replace(outage, "memcache.go", "memcache.c", 1), strings.Replace(outage, "memcache.go", "memcache.c", 1)},
		"an indented entry":                     {"  " + outage, "  " + outage},
		"NUL and what isn't UTF-8":              {"\x00\xff\xfe\n" + outage + "\x00", "\x00\xff\xfe\n\x00"},
		"warnings":                              {"Warning: a\nWarning: b\r\nWarning: a\n\x1b[33mWarning:\x1b[0m a\n", "Warning: a\nWarning: b\r\n"},
		"a warning with an error glued to it":   {"Warning: a\nWarning: a" + refused, "Warning: a\nWarning: a" + refused},
		"empty lines":                           {"\n\n" + outage + "\n\n", "\n\n\n\n"},
		"only the beginning of a header":        {"E1123 14:57", "E1123 14:57"},
		"a header whose message is yet to come": {"E1123 14:57:08.424000   13670 memcache.go:287] ", "E1123 14:57:08.424000   13670 memcache.go:287] "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := filtered(t, Options{}, test.in, false)
			assert.Equal(t, test.shown, h.shown)
			assert.Equal(t, test.in, h.order)
			h = filtered(t, Options{}, test.in, true)
			assert.Len(t, h.shown, len(test.in), "of a failure all is shown")
			assert.Equal(t, test.in, filtered(t, Options{Open: true}, test.in, false).shown, "all is shown to those who want to see it")
		})
	}
}

func TestARecordIsTold(t *testing.T) {
	t.Parallel()
	h := filtered(t, Options{}, outage+"W1123 13:00:00.000000  1 gcloud.go:1] chatter\nW1123 13:00:00.000000  1 gcloud.go:2] more\nNo resources found\n", false)
	assert.Equal(t, []string{"discovery", "empty-list"}, h.rules)
	assert.Equal(t, []string{"W gcloud.go"}, h.unknown, "each family once")
	assert.Equal(t, 2, h.hidden)
}

func TestWarningsAreKnownToAllRuns(t *testing.T) {
	t.Parallel()
	log := &Log{}
	assert.Equal(t, "Warning: a\n", filtered(t, Options{Log: log}, "Warning: a\n", false).shown)
	assert.Equal(t, "Warning: b\n", filtered(t, Options{Log: log}, "Warning: a\nWarning: b\n", false).shown)
	assert.Equal(t, []string{"Warning: a", "Warning: b"}, log.Warnings())
	assert.Zero(t, log.Hidden(), "they are no noise")
	assert.Equal(t, "Warning: a\n"+refused, filtered(t, Options{Log: log}, "Warning: a\n"+refused, true).shown, "again by a failure")
}

func TestWhatIsNoNoiseIsShownAtOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	filter := New(Options{Out: &out})
	for _, text := range []string{"Password: ", "\nplain", " text\n", "Error from server", ": x\n", "Exit", "ing\n"} {
		before := out.Len()
		_, err := filter.Write([]byte(text))
		require.NoError(t, err)
		assert.Equal(t, text, out.String()[before:])
	}
	require.NoError(t, filter.End(true))
}

func TestAfterTenSecondsOfSilenceWhatIsHeldIsShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := &Log{}
		filter := New(Options{Out: &out, Log: log})
		write := func(text string) {
			_, err := filter.Write([]byte(text))
			require.NoError(t, err)
		}
		at := func(wait time.Duration) string {
			time.Sleep(wait)
			synctest.Wait()
			return out.String()
		}
		write(outage)
		assert.Empty(t, at(9*time.Second))
		write("shown\n")
		assert.Equal(t, "shown\n", at(9*time.Second), "what is shown breaks the silence")
		write(outage)
		assert.Equal(t, "shown\n"+outage+outage, at(time.Second+time.Millisecond), "noise does not")
		header, message, _ := strings.Cut(outage, "metrics")
		write(header)
		assert.Equal(t, "shown\n"+outage+outage, at(9*time.Second))
		assert.Equal(t, "shown\n"+outage+outage+header, at(time.Second+time.Millisecond), "an entry that doesn't go on")
		write("metrics" + message + outage)
		require.NoError(t, filter.End(false))
		assert.Equal(t, "shown\n"+outage+outage+outage, at(time.Minute))
		assert.Equal(t, 1, log.Hidden())
	})
}

func TestAQuestionWaitsForNoNewline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		filter := New(Options{Out: &out})
		write := func(text string) string {
			before := out.Len()
			_, err := filter.Write([]byte(text))
			require.NoError(t, err)
			return out.String()[before:]
		}
		write(outage)
		assert.Empty(t, write("Warning: this deletes all. "))
		time.Sleep(Pause - time.Millisecond)
		assert.Empty(t, write("Continue? (y/n) "), "it went on")
		time.Sleep(Pause - time.Millisecond)
		synctest.Wait()
		assert.Empty(t, out.String())
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		assert.Equal(t, "Warning: this deletes all. Continue? (y/n) ", out.String(), "what is held stays so")
		assert.Equal(t, "y\n", write("y\n"))
		time.Sleep(Silence - 2*time.Millisecond)
		assert.Equal(t, "Warning: this deletes all. Continue? (y/n) y\n", out.String())
		require.NoError(t, filter.End(false))
	})
}

func TestALineIsShownOnceItsBytesTellThatItIsNoNoise(t *testing.T) {
	t.Parallel()
	for _, pieces := range [][]string{{"E", "nter MFA code: "}, {"W", "aiting for approval..."}, {"erro", "r: partial"}, {"No", "te"}} {
		var out bytes.Buffer
		filter := New(Options{Out: &out})
		for _, piece := range pieces {
			_, err := filter.Write([]byte(piece))
			require.NoError(t, err)
		}
		assert.Equal(t, strings.Join(pieces, ""), out.String())
		require.NoError(t, filter.End(false))
	}
}

func TestWhatHappensOnStdoutIsNoSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out, stdout bytes.Buffer
		filter := New(Options{Out: &out})
		beside := filter.Beside(&stdout)
		_, err := filter.Write([]byte(outage))
		require.NoError(t, err)
		for range 5 {
			time.Sleep(Silence - time.Millisecond)
			_, err = beside.Write([]byte("pod\n"))
			require.NoError(t, err)
		}
		assert.Empty(t, out.String())
		assert.Equal(t, strings.Repeat("pod\n", 5), stdout.String())
		time.Sleep(Silence + time.Millisecond)
		synctest.Wait()
		assert.Equal(t, outage, out.String())
		require.NoError(t, filter.End(false))
	})
}

// Else an entry of many lines would take the square of their number.
func TestOfAnEntryThatComesLineByLineNoByteIsReadTwice(t *testing.T) {
	t.Parallel()
	first, rest, _ := strings.Cut(several, "\t\n")
	lines := first + strings.Repeat("\tmore\n", 1000)
	var out bytes.Buffer
	filter := New(Options{Out: &out})
	for line := range strings.Lines(lines) {
		_, err := filter.Write([]byte(line))
		require.NoError(t, err)
		require.Equal(t, len(filter.pending), filter.scanned)
	}
	_, err := filter.Write([]byte("\thalf a line"))
	require.NoError(t, err)
	assert.Equal(t, len(lines), filter.scanned)
	_, err = filter.Write([]byte(" and the rest\n" + rest + outage))
	require.NoError(t, err)
	require.NoError(t, filter.End(false))
	assert.Empty(t, out.String())
	assert.Equal(t, 1000+6, filter.options.Log.Hidden())
}

func TestWhatIsForgottenIsNotShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := &Log{}
		filter := New(Options{Out: &out, Log: log})
		write := func(text string) {
			_, err := filter.Write([]byte(text))
			require.NoError(t, err)
		}
		write(outage)
		filter.Forget()
		assert.Equal(t, 1, log.Hidden())
		time.Sleep(2 * Silence)
		assert.Empty(t, out.String(), "silence has nothing to show")
		write(outage + "Warning: sure? ")
		filter.Forget()
		time.Sleep(Silence + time.Millisecond)
		synctest.Wait()
		assert.Equal(t, "Warning: sure? ", out.String(), "what can't be judged yet is not forgotten")
		write("\n" + oldStyle)
		require.NoError(t, filter.End(true))
		assert.Equal(t, "Warning: sure? \n"+oldStyle, out.String(), "of a failure all is shown since")
		filter.Forget()
		assert.Equal(t, 2, log.Hidden())
	})
}

// counter counts bytes and remembers no more.
type counter int

func (c *counter) Write(data []byte) (int, error) {
	*c += counter(len(data))
	return len(data), nil
}

func memory() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestMemoryIsFlat(t *testing.T) { //nolint:paralleltest // it measures the whole process
	t.Setenv("TMPDIR", t.TempDir())
	for name, piece := range map[string]string{
		"noise":            strings.Repeat(outage, 200),
		"a line":           strings.Repeat("x", 32<<10),
		"a line of colour": strings.Repeat("\x1b[31m", 5<<10),
		"an entry":         strings.Repeat("E1123 14:57:08.424000   13670 memcache.go:287] couldn't get resource list for ", 400),
	} {
		var out counter
		filter := New(Options{Out: &out})
		before := memory()
		written := 0
		for range 1000 {
			n, err := filter.Write([]byte(piece))
			require.NoError(t, err, name)
			written += n
		}
		after := memory()
		assert.Less(t, after, before+8<<20, name)
		require.NoError(t, filter.End(true))
		assert.Equal(t, written, int(out), name)
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestMemoryOfWarningsIsFlat(t *testing.T) { //nolint:paralleltest // it measures the whole process
	log, before := &Log{}, memory()
	for i := range 200_000 {
		require.True(t, log.IsNew(fmt.Sprintf("Warning: %d %s", i, strings.Repeat("x", 1000))))
	}
	assert.Less(t, memory(), before+16<<20)
	assert.False(t, log.IsNew("Warning: 1 "+strings.Repeat("x", 1000)), "that is remembered of more than is kept")
	assert.Greater(t, len(log.Warnings()), 1000)
}

func TestManyLinesOfNoiseComeBackInOrder(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	for i := range 30000 {
		fmt.Fprintf(&in, "E1123 14:57:08.424000   13670 memcache.go:287] couldn't get resource list for %d: refused\n", i)
	}
	var out bytes.Buffer
	filter := New(Options{Out: &out})
	_, err := filter.Write([]byte(in.String()))
	require.NoError(t, err)
	assert.Empty(t, out.String())
	require.NoError(t, filter.End(true))
	assert.True(t, in.String() == out.String())
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{outage, several, refused, loginF, oldStyle, "Warning: a\nWarning: a\n", "\x1b[31mE1123\r\n\x00\xff", "No resources found" + refused} {
		f.Add([]byte(seed), uint8(7), false)
		f.Add([]byte(seed+outage+seed), uint8(1), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, size uint8, failed bool) {
		var cuts []int
		for at := int(size) + 1; at < len(text); at += int(size) + 1 {
			cuts = append(cuts, at)
		}
		h := filtered(t, Options{}, string(text), failed, cuts...)
		if h.order != string(text) {
			t.Fatalf("what is shown and held is %q", h.order)
		}
		if whole := filtered(t, Options{}, string(text), failed); whole.held != h.held {
			t.Fatalf("held is %q, or %q in one piece", h.held, whole.held)
		}
		if failed && (len(h.shown) != len(text) || h.hidden != 0) {
			t.Fatalf("of a failure only %q is shown", h.shown)
		}
		for line := range strings.Lines(h.held) {
			if !failed && strings.Index(line, "Error from server (") > 0 && strings.IndexByte(line, '"') < 0 {
				t.Fatalf("an error is hidden: %q", line)
			}
		}
	})
}
