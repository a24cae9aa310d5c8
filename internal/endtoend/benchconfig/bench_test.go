//go:build unix

// Package benchconfig holds no code: its test measures how configuration is rendered, by
// the built skycap and by kubectl, and writes docs/bench-config.md.
package benchconfig

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/endtoend/measure"
)

// Of what is measured.
const (
	few, some, many = 200, 2000, 20_000 // files
	perService      = 5000              // files: a service may not have more
)

// tool is a way to make objects of configuration files. It writes them to its stdout.
type tool struct {
	name  string
	run   func(*source) *exec.Cmd
	apart bool // whether it makes no objects: it shows what reading alone takes
}

func tools(t *testing.T) []tool {
	t.Helper()
	skycap, err := filepath.Abs("../../../bin/skycap")
	require.NoError(t, err)
	render := func(s *source, folder, revision string) *exec.Cmd {
		args := []string{"config", "render", revision, "bench", "--manifests"}
		if s.count == many { // the files, and no objects of them
			args = args[:len(args)-1]
		}
		return in(t, folder, skycap, args...)
	}
	return []tool{
		{"kubectl kustomize", func(s *source) *exec.Cmd { return in(t, s.git, "kubectl", "kustomize", ".") }, false},
		{"skycap, Git", func(s *source) *exec.Cmd { return render(s, s.git, "HEAD") }, false},
		{"skycap, Mercurial", func(s *source) *exec.Cmd { return render(s, s.hg, "tip") }, false},
		{"hg archive", func(s *source) *exec.Cmd { return in(t, s.hg, "hg", "archive", "--rev=tip", "--type=tar", "-") }, true},
	}
}

func in(t *testing.T, folder, name string, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = folder
	return command
}

// bench is one run: what was measured, by tool and number of files.
type bench struct {
	rounds  int
	tools   []tool
	kubectl string // its version
	ran     map[string]map[int][]ran
}

// TestConfig measures. BENCH_CONFIG is how many rounds of all tools there are.
func TestConfig(t *testing.T) { //nolint:paralleltest // it measures
	rounds, err := strconv.Atoi(os.Getenv("BENCH_CONFIG"))
	if err != nil {
		t.Skip("measures for minutes: make bench-config")
	}
	b := &bench{rounds: rounds, tools: tools(t), ran: map[string]map[int][]ran{}}
	for _, tool := range b.tools {
		b.ran[tool.name] = map[int][]ran{}
	}
	version, err := in(t, "", "kubectl", "version", "--client").Output()
	require.NoError(t, err)
	b.kubectl, _, _ = strings.Cut(strings.TrimPrefix(string(version), "Client Version: "), "\n")

	for _, count := range []int{few, some, many} {
		source := newSource(t, count)
		if count < many {
			source.prove(t, b.tools)
		}
		for round := range rounds {
			for i := range b.tools {
				tool := b.tools[(round+i)%len(b.tools)]
				took := timed(t, tool.run(source), os.DevNull)
				b.ran[tool.name][count] = append(b.ran[tool.name][count], took)
				t.Logf("%5d files, %-17s %6.3f s, %6.3f s of CPU, %d MiB", count, tool.name, took.seconds, took.cpu, took.memory>>10)
			}
		}
	}
	verdicts := b.verdicts()
	measure.Write(t, "../../../docs/bench-config.md", "bench-config", b.tables(verdicts))
	for _, v := range verdicts {
		assert.False(t, v.fails(), v)
	}
}

// median of one figure of a tool's runs.
func (b *bench) median(tool string, count int, figure func(ran) float64) float64 {
	return measure.Median(figures(b.ran[tool][count], figure))
}

func figures(runs []ran, figure func(ran) float64) []float64 {
	found := make([]float64, len(runs))
	for i, run := range runs {
		found[i] = figure(run)
	}
	return found
}
