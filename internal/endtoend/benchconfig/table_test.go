//go:build unix

package benchconfig

import (
	"fmt"
	"slices"
	"strings"

	"github.com/skycap/skycap/internal/endtoend/measure"
)

// verdict is a figure, and the most that it may be.
type verdict struct {
	what           string
	measured, most float64
	unit           string
	outOfReach     bool // by what other programs take alone
}

// fails reports whether a figure is more than what could be reached.
func (v verdict) fails() bool { return v.measured > v.most && !v.outOfReach }

func (v verdict) String() string {
	word := "met"
	switch {
	case v.fails():
		word = "**missed**"
	case v.outOfReach && v.measured > v.most:
		word = "**missed**, as hg archive alone does"
	}
	return fmt.Sprintf("| %s | %.2f%s | %.2f%s | %s |\n", v.what, v.measured, v.unit, v.most, v.unit, word)
}

func (b *bench) verdicts() []verdict {
	var found []verdict
	ratio := func(name, other string) float64 {
		return b.median(name, some, seconds) / b.median(other, some, seconds)
	}
	const kubectl, archive, most = "kubectl kustomize", "hg archive", 0.25
	for _, name := range []string{"skycap, Git", "skycap, Mercurial"} {
		found = append(found, verdict{
			what: fmt.Sprintf("%s: time for %d files, to kubectl", name, some), measured: ratio(name, kubectl), most: most, unit: " ×",
			outOfReach: name == "skycap, Mercurial" && ratio(archive, kubectl) > most,
		})
	}
	found = append(found, verdict{
		what: fmt.Sprintf("skycap, Mercurial: time for %d files, to hg archive", some), measured: ratio("skycap, Mercurial", archive), most: 1.25, unit: " ×",
	})
	for _, name := range []string{"skycap, Git", "skycap, Mercurial"} {
		growth := b.median(name, many, cpu) / many / (b.median(name, some, cpu) / some)
		found = append(found,
			verdict{what: fmt.Sprintf("%s: CPU time of a file among %d, to one among %d", name, many, some), measured: growth, most: 1.25, unit: " ×"},
			verdict{what: fmt.Sprintf("%s: memory for %d files", name, many), measured: slices.Max(figures(b.ran[name][many], memory)), most: 150, unit: " MiB"})
	}
	return found
}

func (b *bench) tables(verdicts []verdict) string {
	var out strings.Builder
	out.WriteString("| what | measured | at most | |\n| --- | --- | --- | --- |\n")
	for _, v := range verdicts {
		out.WriteString(v.String())
	}
	fmt.Fprintf(&out, "\n| %d rounds, kubectl %s | %d files, s | CPU, s | %d files, s | CPU, s | %d files, s | CPU, s | MiB |\n",
		b.rounds, b.kubectl, few, some, many)
	out.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, tool := range b.tools {
		fmt.Fprintf(&out, "| %s |", tool.name)
		for _, count := range []int{few, some, many} {
			fmt.Fprintf(&out, " %s | %.2f |", measure.Spread(figures(b.ran[tool.name][count], seconds), 2), b.median(tool.name, count, cpu))
		}
		fmt.Fprintf(&out, " %.0f |\n", slices.Max(figures(b.ran[tool.name][many], memory)))
	}
	return out.String()
}
