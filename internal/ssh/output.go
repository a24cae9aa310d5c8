package ssh

import (
	"bytes"
	"io"
	"strings"
)

// trailers takes a stream apart: what comes before each trailer, and the trailers.
type trailers struct {
	needle []byte // what a trailer begins with
	each   func(data []byte)
	end    func(fields []string) // of a trailer, without the token
}

func newTrailers(token string, each func([]byte), end func([]string)) *trailers {
	return &trailers{needle: []byte(token + " "), each: each, end: end}
}

// read reads the stream to its end. The bytes that each is given are only lent.
func (t *trailers) read(from io.Reader) {
	buffer := make([]byte, 32<<10)
	held := 0
	for {
		n, err := from.Read(buffer[held:])
		rest := t.split(buffer[:held+n])
		held = copy(buffer, rest)
		if err != nil {
			t.each(buffer[:held])
			return
		}
	}
}

// split hands on what is known to be output, or a whole trailer, and returns the rest.
func (t *trailers) split(data []byte) []byte {
	for {
		at := bytes.Index(data, t.needle)
		if at < 0 {
			break
		}
		t.each(data[:at])
		line, rest, whole := bytes.Cut(data[at+len(t.needle):], []byte("\n"))
		if !whole {
			return data[at:]
		}
		t.end(strings.Fields(string(line)))
		data = rest
	}
	at := len(data) - t.begun(data)
	t.each(data[:at])
	return data[at:]
}

// begun is how many of the last bytes may be the begin of a trailer.
func (t *trailers) begun(data []byte) int {
	for n := min(len(data), len(t.needle)-1); n > 0; n-- {
		if bytes.HasSuffix(data, t.needle[:n]) {
			return n
		}
	}
	return 0
}
