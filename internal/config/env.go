package config

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"
)

// variableName is what a container's environment variable may be called.
// Source: IsEnvVarName of k8s.io/apimachinery, before it was relaxed.
var variableName = regexp.MustCompile(`^[-._a-zA-Z][-._a-zA-Z0-9]*$`)

// Variables reads all *.env files in the order of their paths, as docker's
// --env-file does: NAME=value a line, the value byte for byte, # begins a comment.
// Its error joins a *Fault for each line that is none of it.
func (t Tree) Variables() (map[string]string, error) {
	variables := map[string]string{}
	var faults []error
	for _, name := range t.Files.Paths() {
		if path.Ext(name) != ".env" {
			continue
		}
		for i, line := range strings.Split(string(t.Files[name].Data), "\n") {
			line = strings.TrimSuffix(line, "\r")
			if trimmed := strings.TrimSpace(line); trimmed == "" || strings.HasPrefix(trimmed, "#") {
				continue
			}
			variable, value, assigned := strings.Cut(line, "=")
			variable = strings.TrimSpace(variable)
			if !assigned || !variableName.MatchString(variable) || !utf8.ValidString(value) {
				if t.Files[name].Private {
					line = "…"
				}
				faults = append(faults, &Fault{Path: t.Source(name), Line: i + 1, Message: fmt.Sprintf("%q is no NAME=value in UTF-8", line)})
				continue
			}
			variables[variable] = value
		}
	}
	return variables, errors.Join(faults...)
}
