package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/skycap/skycap/pkg/skycap"
)

// jsonPrinter prints one event a line.
type jsonPrinter struct{ out io.Writer }

func (p *jsonPrinter) event(event skycap.Event, _ bool) {
	_ = encode(p.out, event, "")
}

func (p *jsonPrinter) tick(time.Time)  {}
func (p *jsonPrinter) close(time.Time) {}

// Encode prints a document as indented JSON.
func Encode(w io.Writer, document any) error {
	return encode(w, document, "  ")
}

func encode(w io.Writer, document any, indent string) error {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(document); err != nil {
		return err
	}
	_, err := w.Write(escapeControls(buffer.Bytes()))
	return err
}

// escapeControls escapes the control characters that JSON allows in a string and
// terminals obey. Valid JSON has them in strings only.
func escapeControls(data []byte) []byte {
	escaped := make([]byte, 0, len(data))
	for _, char := range string(data) {
		if char >= 0x7f && char <= 0x9f {
			escaped = fmt.Appendf(escaped, `\u%04x`, char)
			continue
		}
		escaped = append(escaped, string(char)...)
	}
	return escaped
}
