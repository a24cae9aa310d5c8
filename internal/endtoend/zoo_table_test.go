package endtoend

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// split parts the broken from the healthy.
func (z *zoo) split() (broken, healthy []row) {
	for _, r := range z.rows {
		if len(r.names) > 0 {
			broken = append(broken, r)
		} else {
			healthy = append(healthy, r)
		}
	}
	return broken, healthy
}

// tool is a column of the summary.
type tool struct {
	name string
	of   func(row) answer
}

func tools() []tool {
	return []tool{
		{"skycap deploy", func(r row) answer { return r.skycap }},
		{"kubectl apply, rollout status", func(r row) answer { return r.kubectl }},
		{"helm upgrade --install --wait", func(r row) answer { return r.helm }},
	}
}

func (z *zoo) summary() string {
	var out strings.Builder
	broken, healthy := z.split()
	fmt.Fprintf(&out, "| of %d broken releases | called broken | cause named | seconds, median | seconds, worst |\n"+
		"| --- | --- | --- | --- | --- |\n", len(broken))
	for _, tool := range tools() {
		var caught, named int
		var seconds []float64
		for _, r := range broken {
			a := tool.of(r)
			caught, named, seconds = caught+count(!a.ok), named+count(a.named), append(seconds, a.seconds)
		}
		fmt.Fprintf(&out, "| %s | %d | %d | %s |\n", tool.name, caught, named, spread(seconds))
	}
	alarms := 0
	var after []float64
	for _, r := range healthy {
		alarms += count(!r.skycap.ok)
	}
	for _, r := range broken {
		after = append(after, r.skycap.after)
	}
	slices.Sort(after)
	fmt.Fprintf(&out, "\nFalse alarms of skycap among %d healthy releases: %d. From the first sign in the cluster to\n"+
		"skycap's word: median %.1f s, worst %.1f s.\n",
		len(healthy), alarms, after[len(after)/2], after[len(after)-1])
	return out.String()
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// spread is the median and the worst.
func spread(seconds []float64) string {
	slices.Sort(seconds)
	return fmt.Sprintf("%.1f | %.1f", seconds[len(seconds)/2], seconds[len(seconds)-1])
}

func (z *zoo) tables() string {
	var out strings.Builder
	broken, healthy := z.split()
	out.WriteString("## Broken\n\n| release | skycap said | named | after the first sign, s | in all, s | kubectl said | s | helm said | s |\n" +
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range broken {
		after := fmt.Sprintf("%.1f", r.skycap.after)
		if r.skycap.unseen {
			after = "no sign"
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %.1f | %s | %.0f | %s | %.0f |\n", r.name, cell(r.skycap.text), mark(r.skycap),
			after, r.skycap.seconds, cell(r.kubectl.text), r.kubectl.seconds, cell(r.helm.text), r.helm.seconds)
	}
	out.WriteString("\n## Scary, but healthy\n\n| release | skycap said | in all, s |\n| --- | --- | --- |\n")
	for _, r := range healthy {
		text := "healthy"
		if !r.skycap.ok {
			text = "**false alarm**: " + cell(r.skycap.text)
		}
		fmt.Fprintf(&out, "| %s | %s | %.1f |\n", r.name, text, r.skycap.seconds)
	}
	return out.String()
}

func mark(a answer) string {
	switch {
	case a.named:
		return "yes"
	case a.ok:
		return "**missed**"
	}
	return "**no**"
}

// cell is a text in one cell of a table, and not too long.
func cell(text string) string {
	const most = 240
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'").Replace(text)
}

// Names that are made up anew for each run.
var (
	digests  = regexp.MustCompile(`sha256:[0-9a-f]{12}[0-9a-f]+`)
	podNames = regexp.MustCompile(`\bweb-[0-9a-f]{6,10}(-[0-9a-z]{5})?\b`)
	hashes   = regexp.MustCompile(`\b[0-9a-f]{12}\b|\b[0-9a-f]{40}\b`)
)

// anonymous takes out of a text what differs from run to run and from lab to lab.
func (c *cage) anonymous(text string) string {
	text = strings.NewReplacer(c.namespace, "zoo", shared.registry, "registry", c.t.TempDir(), "").Replace(text)
	text = podNames.ReplaceAllString(digests.ReplaceAllString(text, "sha256:…"), "web-…")
	return hashes.ReplaceAllString(text, "…")
}
