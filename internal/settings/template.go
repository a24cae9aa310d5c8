package settings

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
)

// TagFields is what revision.tag sees.
type TagFields struct {
	Node   string // 40 hex
	Short  string // the first 12 of them
	Number int    // Mercurial's local number
	Branch string
}

// LayerFields is what config.from and secrets.from see.
type LayerFields struct {
	App, Service, Environment string
}

// Expand renders a template of skycap.yaml over TagFields or LayerFields. It fails on a template
// that does not parse and on one that asks for a field which is not there.
func Expand(text string, fields any) (string, error) {
	t, err := template.New("template").Option("missingkey=error").Parse(text)
	if err != nil {
		return "", fmt.Errorf("%q is not a template: %s", text, reason(err))
	}
	var out strings.Builder
	if err := t.Execute(&out, fields); err != nil {
		return "", fmt.Errorf("%q cannot be rendered: %s", text, reason(err))
	}
	return out.String(), nil
}

// reason is the error without where in the template it is: it is one short line.
func reason(err error) string {
	var failed template.ExecError
	if errors.As(err, &failed) {
		_, text, _ := strings.Cut(err.Error(), ">: ")
		text, _, _ = strings.Cut(text, " in type ")
		return text
	}
	words := strings.SplitN(err.Error(), ": ", 3)
	return words[len(words)-1]
}
