package manifest

import (
	"bytes"
	"fmt"
	"strings"
)

// document is one of the YAML documents in a file.
type document struct {
	line     int // of the file, where it begins
	text     []byte
	unmarked bool // it begins after the end of another, without "---"
}

// documents splits a file. What reads YAML takes one document, and leaves out the rest
// without a word.
func documents(data []byte) []document {
	found := []document{{line: 1}}
	number, start, end := 0, 0, 0
	isDirective := false
	begin := func(next document) {
		found[len(found)-1].text = data[start:end]
		found, start = append(found, next), end
	}
	for line := range bytes.Lines(data) {
		number++
		switch {
		case isMarker(line, "---") && !isDirective:
			begin(document{line: number})
		case isMarker(line, "..."):
			begin(document{line: number + 1, unmarked: true})
			start += len(line)
		}
		isDirective = line[0] == '%'
		end += len(line)
	}
	found[len(found)-1].text = data[start:end]
	return found
}

// isMarker reports whether a line begins or ends a document.
func isMarker(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	return ok && (len(rest) == 0 || strings.ContainsRune(" \t\r\n", rune(rest[0])))
}

// leadingBlank counts the lines before a document's first key; all, where it has none.
func (d document) leadingBlank() (blank int, isEmpty bool) {
	for line := range bytes.Lines(d.text) {
		rest := line
		if isMarker(line, "---") {
			rest = line[len("---"):]
		}
		text := bytes.TrimSpace(rest)
		if len(text) > 0 && text[0] != '#' && text[0] != '%' {
			return blank, false
		}
		blank++
	}
	return 0, true
}

// place is where a document's first key is.
func (d document) place(file string) string {
	blank, _ := d.leadingBlank()
	return fmt.Sprintf("%s:%d", file, d.line+blank)
}
