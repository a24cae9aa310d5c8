package noise

import (
	"bytes"
	"slices"
	"strings"
)

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
	if bytes.Contains(text, []byte(part)) { // mostly so, and faster
		return true
	}
	for from := range len(text) - len(part) + 1 {
		if lower(text[from]) == part[0] && foldEqual(text[from:], part) {
			return true
		}
	}
	return false
}

func lower(char byte) byte {
	if char >= 'A' && char <= 'Z' {
		return char + 'a' - 'A'
	}
	return char
}

// hasUnseen reports whether a text has colours, carriage returns or what else begins with an escape.
func hasUnseen(text []byte) bool {
	return bytes.IndexByte(text, escape) >= 0 || bytes.IndexByte(text, '\r') >= 0
}

// visible is a line as people see it, for matching only: without that. It is
// written over scratch.
func visible(line, scratch []byte) []byte {
	if !hasUnseen(line) {
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

// hasGlued reports whether something begins in the midst of a line that is no part
// of it: an error behind a line that lacks its newline, or an entry of klog.
func hasGlued(line []byte) bool {
	return hasGluedError(line, endsWord) || hasGluedOther(line)
}

// hasGluedToEntry is that for the message of an entry that isn't quoted: client-go and
// what it passes on have "error: " there behind a colon, or behind what kind of error it is.
func hasGluedToEntry(message []byte) bool {
	return hasGluedError(message, endsText) || hasGluedOther(message)
}

func hasGluedOther(line []byte) bool {
	return hasGluedObject(line) || hasGluedConnection(line) || hasGluedEntry(line)
}

// hasGluedError looks for "Error from server" and "Error in configuration", and for
// "error: " behind a text that has ended.
func hasGluedError(line []byte, hasEnded func(before []byte) bool) bool {
	for from := 0; ; {
		next := bytes.Index(line[from:], []byte("rror"))
		if next < 0 {
			return false
		}
		from += next + len("rror")
		at, rest := from-len("error"), line[from:]
		switch {
		case at <= 0:
		case line[at] == 'E' && (bytes.HasPrefix(rest, []byte(" from server")) || bytes.HasPrefix(rest, []byte(" in configuration"))):
			return true
		case line[at] == 'e' && bytes.HasPrefix(rest, []byte(": ")) && (hasEnded(line[:at]) || bytes.HasPrefix(rest, []byte(": You must be logged in"))):
			return true
		}
	}
}

// endsWord reports whether a text ends so that "error: " behind it begins something else.
func endsWord(text []byte) bool {
	last := len(text) - 1
	return text[last] != ' ' || last > 0 && (text[last-1] == '.' || text[last-1] == '"' || text[last-1] == ')')
}

// endsText reports the same of a text within which "error: " only follows a colon or a kind of error.
func endsText(text []byte) bool {
	if endsWord(text) {
		return true
	}
	text = bytes.TrimSuffix(text, []byte(" "))
	word := string(bytes.ToLower(text[bytes.LastIndexByte(text, ' ')+1:]))
	return !strings.HasSuffix(word, ":") && !slices.Contains([]string{
		"a", "an", "api", "authentication", "authorization", "client", "connection", "conversion", "decode", "decoding", "encoding", "execution",
		"following", "handshake", "http", "http2", "i/o", "internal", "io", "json", "last", "local", "lookup", "marshal", "network", "original",
		"parse", "parsing", "protocol", "read", "remote", "request", "response", "rpc", "runtime", "server", "stream", "syntax", "system", "the",
		"this", "tls", "transport", "underlying", "unexpected", "unknown", "unmarshal", "validation", "write", "yaml",
	}, word)
}

// hasGluedObject looks for: The Deployment "web" is invalid.
func hasGluedObject(line []byte) bool {
	end := bytes.Index(line, []byte(`" is invalid`))
	if end < 0 {
		return false
	}
	at := bytes.LastIndex(line[:end], []byte("The "))
	if at <= 0 {
		return false
	}
	kind, _, isNamed := bytes.Cut(line[at+len("The "):end], []byte(` "`))
	return isNamed && len(kind) > 0 && bytes.IndexByte(kind, ' ') < 0
}

// hasGluedConnection looks for "Unable to connect to the server" and "The connection to the server".
func hasGluedConnection(line []byte) bool {
	return bytes.Index(line, []byte("Unable to connect to the server")) > 0 || bytes.Index(line, []byte("The connection to the server")) > 0
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
