package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
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
func (f Fields) render(source string, text []byte) ([]byte, error) {
	left := steps(maxSteps)
	parsed, err := template.New("").Option("missingkey=error").
		Funcs(left.boundedFuncs()).
		Funcs(template.FuncMap{"addr": f.Addr, stepFunc: left.take}).
		Parse(string(text))
	if err != nil {
		return nil, templateFault(source, err)
	}
	if err := countSteps(parsed, text); err != nil {
		return nil, templateFault(source, err)
	}
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
	var endless *stepsError
	if errors.As(err, &endless) {
		line, message = cmp.Or(endless.line, line), endless.Error()
	}
	return &Fault{Path: source, Line: line, Message: message}
}

var errTooLong = fmt.Errorf("the template's output is over %d bytes (900 KiB)", MaxFileSize)

// bounded is a buffer that fails once it holds more than a file may.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(data []byte) (int, error) {
	if b.Len()+len(data) > MaxFileSize {
		return 0, errTooLong
	}
	return b.Buffer.Write(data)
}
