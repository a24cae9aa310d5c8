package matrix

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/skycap/skycap/internal/kubectl"
)

// table is what a run finds. It is safe for concurrent use.
type table struct {
	servers  []string
	kubectls []program

	mutex   sync.Mutex
	results []result
}

func (f *table) add(r result) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for i := range f.results {
		if known := &f.results[i]; known.server == r.server && known.program == r.program {
			known.failed = append(known.failed, r.failed...)
			if known.does == nil {
				known.does = map[string]bool{}
			}
			for behaviour, shown := range r.does {
				known.does[behaviour] = shown
			}
			return
		}
	}
	f.results = append(f.results, r)
}

// String is a cell of the table.
func (r result) String() string {
	switch {
	case len(r.failed) > 0:
		return "**fails**: " + strings.Join(r.failed, ", ")
	case r.refusal != "":
		return "refused: " + r.refusal
	case r.skew != "":
		return "warned"
	}
	return "ok"
}

func (f *table) cells() string {
	var out strings.Builder
	out.WriteString("| kubectl | " + strings.Join(f.servers, " | ") + " |\n|" + strings.Repeat(" --- |", len(f.servers)+1) + "\n")
	for _, p := range f.kubectls {
		out.WriteString("| " + p.name)
		for _, server := range f.servers {
			cell := "not run"
			for _, r := range f.results {
				if r.server == server && r.program == p.name {
					cell = r.String()
					if !strings.HasPrefix(r.kubectl, p.name) && r.kubectl != "" {
						cell += ", by " + r.kubectl
					}
				}
			}
			out.WriteString(" | " + cell)
		}
		out.WriteString(" |\n")
	}
	return out.String()
}

// differences are those of internal/kubectl/versions.go, with the versions that were
// seen to have them.
func (f *table) differences() string {
	var out strings.Builder
	out.WriteString("| what kubectl does | by what is known | seen of | what skycap does about it |\n| --- | --- | --- | --- |\n")
	for _, difference := range kubectl.Differences() {
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", difference.Behaviour, difference.Range(), f.seen(difference.Behaviour), difference.Answer)
	}
	return out.String()
}

// seen names the minor versions that show a behaviour, and those that don't where some do.
func (f *table) seen(behaviour string) string {
	var does, doesNot []kubectl.Minor
	for _, r := range f.results {
		minor, _ := kubectl.MinorOf(r.kubectl)
		switch shown, looked := r.does[behaviour]; {
		case looked && shown:
			does = append(does, minor)
		case looked:
			doesNot = append(doesNot, minor)
		}
	}
	if len(does)+len(doesNot) == 0 {
		return "not looked for"
	}
	text := list(does)
	if len(doesNot) > 0 {
		text += "; not of " + list(doesNot)
	}
	return text
}

// list names versions, as in "1.27 to 1.33, 1.35".
func list(minors []kubectl.Minor) string {
	minors = slices.Compact(slices.Sorted(slices.Values(minors)))
	var spans []string
	for first := 0; first < len(minors); {
		last := first
		for last+1 < len(minors) && minors[last+1] == minors[last]+1 {
			last++
		}
		span := minors[first].String()
		if last > first {
			span += " to " + minors[last].String()
		}
		spans, first = append(spans, span), last+1
	}
	if len(spans) == 0 {
		return "none"
	}
	return strings.Join(spans, ", ")
}
