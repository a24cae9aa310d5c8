package report

import (
	"os"

	"golang.org/x/term"
)

// Terminal reports whether a file is a terminal where lines can be repainted.
func Terminal(file *os.File, getenv func(string) string) bool {
	return getenv("TERM") != "dumb" && getenv("CI") == "" && term.IsTerminal(int(file.Fd()))
}

// Color reports whether to print in colour. The mode is auto, always or never;
// auto is a terminal, unless NO_COLOR is set.
func Color(mode string, terminal bool, getenv func(string) string) bool {
	switch mode {
	case "always":
		return true
	case "never":
		return false
	default:
		return terminal && getenv("NO_COLOR") == ""
	}
}

// style is how a terminal shows a text.
type style string

const (
	dim    style = "\x1b[2m"
	red    style = "\x1b[31m"
	green  style = "\x1b[32m"
	yellow style = "\x1b[33m"
	cyan   style = "\x1b[36m"
	reset        = "\x1b[0m"
)

// paint puts a style on a clean text, if there are colours.
func (s style) paint(color bool, text string) string {
	if !color || text == "" {
		return text
	}
	return string(s) + text + reset
}
