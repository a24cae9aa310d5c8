// Package measure has what benchmarks share: figures of several rounds, and the pages
// in docs that they are written into.
package measure

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Median of figures, of which there is one at least.
func Median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// Spread is the median, the least and the most, with so many digits behind the point;
// empty without figures.
func Spread(figures []float64, digits int) string {
	if len(figures) == 0 {
		return ""
	}
	return fmt.Sprintf("%.*f (%.*f–%.*f)", digits, Median(figures), digits, slices.Min(figures), digits, slices.Max(figures))
}

// Write puts tables into a page, where what the target of make has made lies until now.
func Write(t *testing.T, page, target, tables string) {
	t.Helper()
	t.Log("\n" + tables)
	content, err := os.ReadFile(page)
	require.NoError(t, err)
	begin, end := "<!-- made by make "+target+": begin -->\n", "<!-- made by make "+target+": end -->\n"
	before, rest, begins := strings.Cut(string(content), begin)
	_, after, ends := strings.Cut(rest, end)
	require.True(t, begins && ends, "%s lacks its markers", page)
	require.NoError(t, os.WriteFile(page, []byte(before+begin+"\n"+tables+"\n"+end+after), 0o644))
}

var peakMemory = regexp.MustCompile(`VmHWM:\s+(\d+)`)

// Peak watches a process until it has ended, and returns the most memory that it has had,
// in KiB. What it started isn't counted: the system's own count, of ended processes, has
// that in it, and their parent.
func Peak(pid int, ended <-chan struct{}) int {
	found := 0
	for ticker := time.NewTicker(5 * time.Millisecond); ; {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have ended
		if match := peakMemory.FindSubmatch(text); match != nil {
			found, _ = strconv.Atoi(string(match[1]))
		}
		select {
		case <-ended:
			ticker.Stop()
			return found
		case <-ticker.C:
		}
	}
}
