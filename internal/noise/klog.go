package noise

import "bytes"

// entry is the header of a klog entry, taken apart, and what follows it.
type entry struct {
	severity byte   // I, W, E or F
	file     []byte // such as memcache.go
	message  []byte
}

// family names what an entry is about as far as its header tells.
func (e entry) family() string { return string(e.severity) + " " + string(e.file) }

// headerDate is the part of a header whose length is fixed: E1123 14:57:08.424000.
// A 0 stands for any digit.
const headerDate = "E0000 00:00:00.000000"

// parse takes a line apart as E1123 14:57:08.424000   13670 memcache.go:287] text.
// Partly is for a line that may go on: it is no such entry yet, but can become one.
func parse(line []byte) (e entry, ok, partly bool) {
	for i := range min(len(line), len(headerDate)) {
		if !fits(line[i], headerDate[i]) {
			return entry{}, false, false
		}
	}
	if len(line) <= len(headerDate) {
		return entry{}, false, true
	}
	rest := line[len(headerDate):]
	if rest[0] != ' ' {
		return entry{}, false, false
	}
	process := bytes.TrimLeft(rest, " ")
	file := bytes.TrimLeft(process, "0123456789")
	if len(file) == 0 {
		return entry{}, false, len(process) < 20
	}
	if len(file) == len(process) || file[0] != ' ' {
		return entry{}, false, false
	}
	return source(line[0], file[1:])
}

// source parses memcache.go:287] text.
func source(severity byte, text []byte) (e entry, ok, partly bool) {
	length := 0
	for length < len(text) && isNameOfFile(text[length]) {
		length++
	}
	if length == len(text) {
		return entry{}, false, length < 200
	}
	number := bytes.TrimLeft(text[length+1:], "0123456789")
	switch {
	case text[length] != ':' || !bytes.HasSuffix(text[:length], []byte(".go")):
		return entry{}, false, false
	case len(number) < 2:
		return entry{}, false, len(number) == 0 || number[0] == ']'
	case number[0] != ']' || number[1] != ' ':
		return entry{}, false, false
	}
	return entry{severity: severity, file: text[:length], message: number[2:]}, true, false
}

func fits(char, pattern byte) bool {
	switch pattern {
	case 'E':
		return char == 'I' || char == 'W' || char == 'E' || char == 'F'
	case '0':
		return char >= '0' && char <= '9'
	}
	return char == pattern
}

func isNameOfFile(char byte) bool {
	return char >= 'a' && char <= 'z' || char >= 'A' && char <= 'Z' || char >= '0' && char <= '9' ||
		char == '_' || char == '-' || char == '.'
}

// wrapper is the message of entries that say what they are about in err=.
const wrapper = "unhandled error"

// subject is what an entry is about: its message or, of a structured one, the
// quoted message, or what stands in err= behind "Unhandled Error". It is not whole
// where something else follows that is no part of a structured entry, as when two
// writers share a line.
func subject(message []byte) (text []byte, whole bool) {
	if len(message) == 0 || message[0] != '"' {
		return message, !hasGluedToEntry(message)
	}
	end := quoted(message)
	if end == 0 {
		return message, false
	}
	text = message[1 : end-1]
	first, whole := values(message[end:])
	if foldPrefix(text, wrapper) && len(first) > 0 {
		text = first
	}
	return text, whole
}

// values walks over key="value" key=1 key=<…> and returns the first value.
func values(rest []byte) (first []byte, whole bool) {
	for len(rest) > 0 {
		equals := bytes.IndexByte(rest, '=')
		if rest[0] != ' ' || equals < 2 || bytes.ContainsAny(rest[1:equals], " \"\n") {
			return first, false
		}
		text, length := value(rest[equals+1:])
		if length == 0 {
			return first, false
		}
		if first == nil {
			first = text
		}
		rest = rest[equals+1+length:]
	}
	return first, true
}

// value is one value at the beginning of a text, and how many bytes of it that is;
// 0 when there is none.
func value(rest []byte) (text []byte, length int) {
	switch {
	case len(rest) == 0:
		return nil, 0
	case rest[0] == '"':
		end := quoted(rest)
		return rest[min(1, end):max(end-1, min(1, end))], end
	case bytes.HasPrefix(rest, []byte("<\n\t")):
		end := bytes.Index(rest, []byte("\n >"))
		if end < 0 {
			return nil, 0
		}
		return rest[3:max(end, 3)], end + 3
	}
	end := bytes.IndexByte(rest, ' ')
	if end < 0 {
		end = len(rest)
	}
	if bytes.ContainsAny(rest[:end], "\"\n") {
		return nil, 0
	}
	return rest[:end], end
}

// quoted is the length of a quoted text at the beginning of another; 0 when there is none.
func quoted(text []byte) int {
	for i := 1; i < len(text); i++ {
		next := bytes.IndexAny(text[i:], "\"\\")
		if next < 0 {
			return 0
		}
		i += next
		if text[i] == '"' {
			return i + 1
		}
		i++ // what is escaped
	}
	return 0
}

// lines is how long an entry is that goes on in further lines, as klog writes
// values of several: err=<, lines that begin with a tab, and one that begins with
// " >". It is 0 where that is not so. More is for a text that may go on: its size is that
// of its whole lines, from which one can go on later.
func lines(text []byte, from int, final bool) (size int, more bool) {
	for size = from; ; {
		end := bytes.IndexByte(text[size:], '\n')
		line := text[size:]
		if end >= 0 {
			line = text[size : size+end]
		}
		switch {
		case size > 0 && !couldContinue(line, end < 0 && !final):
			return 0, false
		case end < 0 && !final:
			return size, true
		}
		last := size > 0 && line[0] == ' ' && !opens(line)
		if size += len(line) + 1; last || end < 0 {
			size = min(size, len(text))
			return map[bool]int{true: size}[last], false
		}
	}
}

// couldContinue reports whether a line belongs to a value of several. One that isn't whole yet may become one.
func couldContinue(line []byte, partial bool) bool {
	if partial && (len(line) == 0 || string(line) == " ") {
		return true
	}
	return bytes.HasPrefix(line, []byte("\t")) || bytes.HasPrefix(line, []byte(" >"))
}

// opens reports whether a line of an entry ends in a value of several lines.
func opens(line []byte) bool { return bytes.HasSuffix(bytes.TrimRight(line, "\r"), []byte("=<")) }
