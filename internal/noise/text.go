package noise

import "bytes"

// foldPrefix reports whether a text begins with a prefix in small letters, in any case.
func foldPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && foldEqual(text, prefix)
}

// foldEqual compares as many bytes as both have. Small has small letters.
func foldEqual(text []byte, small string) bool {
	for i := range min(len(text), len(small)) {
		if lower(text[i]) != small[i] {
			return false
		}
	}
	return true
}

// foldContains reports whether a text has a part in small letters, in any case.
func foldContains(text []byte, part string) bool {
	for from := 0; ; {
		next := indexEither(text[from:], part[0])
		if next < 0 || len(text)-from-next < len(part) {
			return false
		}
		from += next
		if foldEqual(text[from:], part) {
			return true
		}
		from++
	}
}

// indexEither finds a letter, small or capital.
func indexEither(text []byte, small byte) int {
	if small < 'a' || small > 'z' {
		return bytes.IndexByte(text, small)
	}
	for i, char := range text {
		if char|0x20 == small {
			return i
		}
	}
	return -1
}

func lower(char byte) byte {
	if char >= 'A' && char <= 'Z' {
		return char + 'a' - 'A'
	}
	return char
}

// visible is a line as people see it, for matching only: without colours, carriage
// returns and what else begins with an escape. It may use scratch.
func visible(line, scratch []byte) []byte {
	if bytes.IndexByte(line, escape) < 0 && bytes.IndexByte(line, '\r') < 0 {
		return line
	}
	scratch = scratch[:0]
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\r':
		case escape:
			i += sequence(line[i:]) - 1
		default:
			scratch = append(scratch, line[i])
		}
	}
	return scratch
}

const escape = 0x1b

// sequence is the length of the escape sequence at the beginning of a text:
// ESC [ … letter, ESC ] … BEL, or ESC and a character.
func sequence(text []byte) int {
	if len(text) < 2 {
		return len(text)
	}
	if text[1] != '[' && text[1] != ']' {
		return 2
	}
	for i := 2; i < len(text); i++ {
		if text[1] == '[' && text[i] >= 0x40 && text[i] <= 0x7e || text[1] == ']' && text[i] == 7 {
			return i + 1
		}
	}
	return len(text)
}

// glued is what begins an error of kubectl's, wherever it stands.
func glued() []string {
	return []string{
		"Error from server", "Unable to connect to the server", "The connection to the server ", "Error in configuration",
		"error: You must be logged in",
	}
}

// hasGlued reports whether something begins in the midst of a line that is no part
// of it: an error behind a line that lacks its newline, or an entry of klog.
func hasGlued(line []byte) bool {
	for _, start := range glued() {
		if bytes.Index(line, []byte(start)) > 0 {
			return true
		}
	}
	return hasGluedError(line) || hasGluedEntry(line)
}

// hasGluedError looks for "error: " right behind what ends a sentence or a word.
func hasGluedError(line []byte) bool {
	for from := 0; ; {
		next := bytes.Index(line[from:], []byte("error: "))
		if next < 0 {
			return false
		}
		at := from + next
		if at > 0 && line[at-1] != ' ' || at > 1 && bytes.IndexByte([]byte(`.")`), line[at-2]) >= 0 {
			return true
		}
		from = at + 1
	}
}

// hasGluedEntry looks for the header of a klog entry behind the beginning.
func hasGluedEntry(line []byte) bool {
	for from := 0; ; {
		next := bytes.Index(line[from:], []byte(".go:"))
		if next < 0 {
			return false
		}
		from += next + len(".go:")
		rest := bytes.TrimLeft(line[from:], "0123456789")
		if bytes.HasPrefix(rest, []byte("] ")) {
			return true
		}
	}
}
