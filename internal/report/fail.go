package report

import (
	"fmt"
	"io"
	"strings"
)

// Fail prints what is wrong and the next commands to type. Each line of the
// message is an error of its own, as errors.Join makes them.
func Fail(w io.Writer, color bool, message string, hints []string) {
	var b strings.Builder
	for _, line := range lines(message) {
		if line != "" {
			fmt.Fprintf(&b, "skycap: %s %s\n", red.paint(color, "error:"), line)
		}
	}
	for _, hint := range hints {
		fmt.Fprintf(&b, "skycap: %s %s\n", cyan.paint(color, "hint:"), clean(hint))
	}
	_, _ = io.WriteString(w, b.String())
}
