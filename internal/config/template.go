package config

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

// Fields is what a template sees.
type Fields struct {
	App, Service, Environment string
	Revision                  string // the full hash
	Values                    map[string]any

	// Addr is the address of a service of the same environment: the function
	// addr of templates.
	Addr func(service string) (string, error)
}

// render runs one template. It has no access to files, environment or network,
// and its output, its texts and its steps are bounded, so that it ends.
func (f Fields) render(ctx context.Context, source string, text []byte) ([]byte, error) {
	left := &steps{ctx: ctx, left: maxSteps}
	parsed, err := template.New("").Option("missingkey=error").
		Funcs(left.functions()).
		Funcs(template.FuncMap{"addr": f.Addr}).
		Parse(string(text))
	if err != nil {
		return nil, templateFault(source, err)
	}
	guard(parsed)
	parsed.Funcs(template.FuncMap{stepFunc: left.step, weighFunc: left.weigh, showFunc: left.show}) // not for the file to call
	var out bounded
	if err := parsed.Execute(&out, f); err != nil {
		return nil, templateFault(source, err)
	}
	return out.Bytes(), nil
}

// text/template begins its errors with "template: NAME:LINE:COLUMN: ".
var templatePlace = regexp.MustCompile(`^template: :(\d+):(?:\d+:)? (?:executing "" at )?`)

func templateFault(source string, err error) error {
	message, line := err.Error(), 0
	if place := templatePlace.FindStringSubmatch(message); place != nil {
		line, _ = strconv.Atoi(place[1])
		message = message[len(place[0]):]
	}
	var halted *haltError
	if errors.As(err, &halted) {
		message = halted.why
	}
	return &Fault{Path: source, Line: line, Message: shorten(unguarded(message))}
}

// maxMessage is how many bytes of a template its faults show: its texts may be long.
const maxMessage = 200

// shorten leaves the middle out of a text that is too long for a message.
func shorten(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	const end = maxMessage / 2
	return strings.ToValidUTF8(text[:end], "") + "…" + strings.ToValidUTF8(text[len(text)-end:], "")
}

// bounded is a buffer that fails once it holds more than a file may.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(data []byte) (int, error) {
	if b.Len()+len(data) > MaxFileSize {
		return 0, errTooLong
	}
	return b.Buffer.Write(data)
}
