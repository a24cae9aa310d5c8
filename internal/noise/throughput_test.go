//go:build unix

package noise

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/endtoend/measure"
)

// TestMain is a filter from stdin to stdout when it is asked to be one.
func TestMain(m *testing.M) {
	if os.Getenv("NOISE_FILTER") == "" {
		os.Exit(m.Run())
	}
	filter := New(Options{Out: os.Stdout})
	_, err := io.CopyBuffer(filter, struct{ io.Reader }{os.Stdin}, make([]byte, chunk))
	if err != nil || filter.End(false) != nil {
		os.Exit(1)
	}
}

// tool is a program that leaves noise out, from stdin to stdout.
type tool struct {
	name    string
	command []string
	env     string
	speeds  map[string][]float64 // by text, in MB a second of the processor
}

// expressions are the rules of noise for grep and rg: one alternative each.
func expressions(t *testing.T) string {
	t.Helper()
	rules, err := Builtin()
	require.NoError(t, err)
	any := func(texts []string) string {
		quoted := make([]string, len(texts))
		for i, text := range texts {
			quoted[i] = regexp.QuoteMeta(text)
		}
		return "(" + strings.Join(quoted, "|") + ")"
	}
	var made []string
	for _, rule := range rules {
		if rule.Class != "" {
			continue
		}
		expression := "^"
		if len(rule.Files) > 0 {
			severity := rule.Severity
			if severity == "" {
				severity = "IWE"
			}
			expression = fmt.Sprintf(`^(\x1b\[[0-9]+m)?[%s][0-9]{4} [0-9:.]+ +[0-9]+ %s:[0-9]+\](\x1b\[[0-9]*m)? ("unhandled error" err=)?"?`, severity, any(rule.Files))
			expression = strings.ReplaceAll(expression, `\x1b`, "\x1b")
		}
		if len(rule.Begins) > 0 {
			expression += any(rule.Begins)
		}
		if len(rule.Has) > 0 {
			expression += ".*" + any(rule.Has)
		}
		made = append(made, expression)
	}
	return strings.Join(made, "|")
}

func tools(t *testing.T) []*tool {
	self, err := os.Executable()
	require.NoError(t, err)
	patterns := expressions(t)
	return []*tool{
		{name: "a program of it", command: []string{self}, env: "NOISE_FILTER=1"},
		{name: "`grep -aivE`", command: []string{"grep", "-aivE", patterns}, env: "LC_ALL=C"},
		{name: "`rg -aiv`, one thread", command: []string{"rg", "-aiv", "--no-unicode", "--threads=1", patterns}, env: "LC_ALL=C"},
	}
}

// run filters a file, and returns how many bytes came out and how many seconds the processor worked.
func (tool *tool) run(t *testing.T, file string) (int, float64) {
	t.Helper()
	in, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = in.Close() }()
	var out counter
	command := exec.CommandContext(context.WithoutCancel(t.Context()), tool.command[0], tool.command[1:]...)
	command.Env = append(os.Environ(), tool.env, "GOMAXPROCS=1")
	command.Stdin, command.Stdout, command.Stderr = in, &out, os.Stderr
	require.NoError(t, command.Run(), tool.name)
	return int(out), (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds()
}

// work is how many seconds the processor works for a function, in this process.
func work(t *testing.T, run func()) float64 {
	t.Helper()
	seconds := func() float64 {
		var usage syscall.Rusage
		require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
		return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
	}
	before := seconds()
	run()
	return seconds() - before
}

// TestThroughput measures the filter beside grep and rg, and writes docs/bench-filter.md.
// BENCH_FILTER is how many rounds there are.
func TestThroughput(t *testing.T) { //nolint:paralleltest // it measures
	rounds, _ := strconv.Atoi(os.Getenv("BENCH_FILTER"))
	if rounds == 0 {
		t.Skip("it takes a minute, and needs grep and rg: make bench-filter runs it")
	}
	const size = 200 << 20
	texts := map[string][]byte{"without noise": plainText(size), "mixed": mixedText(t, size)}
	names := []string{"without noise", "mixed"}
	tools := tools(t)
	itself := &tool{name: "the filter itself", speeds: map[string][]float64{}}
	left := map[string]int{} // bytes, by text
	for name, text := range texts {
		file := filepath.Join(t.TempDir(), "text")
		require.NoError(t, os.WriteFile(file, text, 0o600))
		for range rounds {
			itself.speeds[name] = append(itself.speeds[name], float64(len(text))/1e6/work(t, func() { pour(t, text) }))
			for _, tool := range tools {
				out, seconds := tool.run(t, file)
				if left[name] == 0 {
					left[name] = out
				}
				require.Equal(t, left[name], out, "%s leaves something else of the text that is %s", tool.name, name)
				if tool.speeds == nil {
					tool.speeds = map[string][]float64{}
				}
				tool.speeds[name] = append(tool.speeds[name], float64(len(text))/1e6/seconds)
			}
		}
	}
	writeFigures(t, rounds, append([]*tool{itself}, tools...), names, left, size)
}

func writeFigures(t *testing.T, rounds int, tools []*tool, names []string, left map[string]int, size int) {
	t.Helper()
	var out strings.Builder
	fmt.Fprintf(&out, "| text | measured, MB/s | at least, MB/s | |\n| --- | --- | --- | --- |\n")
	for i, least := range []float64{1000, 300} {
		measured, word := measure.Median(tools[0].speeds[names[i]]), "met"
		if measured < least {
			word = "**missed**"
		}
		fmt.Fprintf(&out, "| %s | %.0f | %.0f | %s |\n", names[i], measured, least, word)
	}
	fmt.Fprintf(&out, "\n| MB/s, %d rounds | without noise | mixed |\n| --- | --- | --- |\n", rounds)
	for _, tool := range tools {
		fmt.Fprintf(&out, "| %s | %s | %s |\n", tool.name, measure.Spread(tool.speeds[names[0]], 0), measure.Spread(tool.speeds[names[1]], 0))
	}
	fmt.Fprintf(&out, "\nOf the mixed text of %d MB, %.0f %% are noise; all leave the same bytes.\n", size/1000000, 100*(1-float64(left["mixed"])/float64(size)))
	measure.Write(t, "../../docs/bench-filter.md", "bench-filter", out.String())
}
