package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// escapeSequence is what terminals obey: CSI, then OSC, then the other strings, then the short ones.
var escapeSequence = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]` +
	`|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)` +
	`|\x1b[PX^_][^\x1b\n]*\x1b\\` +
	`|\x1b[ -/]*[0-~]`)

// clean makes one line that is safe to print of a text that may come from
// anywhere: escape sequences go, blanks become spaces, and the other characters
// that control a terminal or turn the direction of text are spelled out.
func clean(text string) string {
	text = escapeSequence.ReplaceAllString(text, "")
	text = strings.TrimRight(text, " \t\r\n")
	var b strings.Builder
	for _, char := range strings.ReplaceAll(text, "\r\n", "\n") {
		switch {
		case char == '\n' || char == '\t':
			b.WriteByte(' ')
		case unicode.IsControl(char):
			fmt.Fprintf(&b, `\x%02x`, char)
		case unsafe(char):
			fmt.Fprintf(&b, `\u%04x`, char)
		default:
			b.WriteRune(char)
		}
	}
	return b.String()
}

// unsafe reports whether a character separates lines or turns the direction of text.
func unsafe(char rune) bool {
	return unicode.Is(unicode.Bidi_Control, char) || char == '\u2028' || char == '\u2029'
}

// lines are the lines of a text, each clean. Empty ones at the end don't count.
func lines(text string) []string {
	all := strings.Split(strings.TrimRight(text, " \t\r\n"), "\n")
	for i, line := range all {
		all[i] = clean(line)
	}
	return all
}

// cut shortens a clean text to a number of columns.
func cut(text string, columns int) string {
	if columnsOf(text) <= columns {
		return text
	}
	used, end := 1, 0 // one for the ellipsis
	for i, char := range text {
		used += columnsOfRune(char)
		if used > columns {
			break
		}
		end = i + utf8.RuneLen(char)
	}
	return text[:end] + "…"
}

func columnsOf(text string) int {
	columns := 0
	for _, char := range text {
		columns += columnsOfRune(char)
	}
	return columns
}

func columnsOfRune(char rune) int {
	if unicode.Is(unicode.Mn, char) {
		return 0
	}
	switch width.LookupRune(char).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	default:
		return 1
	}
}
