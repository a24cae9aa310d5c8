package config

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/skycap/skycap/internal/revision"
)

// variableName is what a container's environment variable may be called.
// Source: IsEnvVarName of k8s.io/apimachinery, before it was relaxed.
var variableName = regexp.MustCompile(`^[-._a-zA-Z][-._a-zA-Z0-9]*$`)

// Variables reads all *.env files in the order of their paths, as docker's
// --env-file does: NAME=value a line, the value byte for byte, # begins a comment.
func Variables(files revision.Tree) (map[string]string, error) {
	found, faults := variables(files)
	var err error
	for _, fault := range faults {
		err = errors.Join(err, fault)
	}
	return found, err
}

func variables(files revision.Tree) (map[string]string, []*Fault) {
	variables := map[string]string{}
	var faults []*Fault
	for _, name := range files.Paths() {
		if path.Ext(name) != ".env" {
			continue
		}
		for i, line := range strings.Split(string(files[name].Data), "\n") {
			line = strings.TrimSuffix(line, "\r")
			if trimmed := strings.TrimSpace(line); trimmed == "" || strings.HasPrefix(trimmed, "#") {
				continue
			}
			variable, value, assigned := strings.Cut(line, "=")
			variable = strings.TrimSpace(variable)
			if !assigned || !variableName.MatchString(variable) || !utf8.ValidString(value) {
				if files[name].Private {
					line = "…"
				}
				faults = append(faults, &Fault{Path: name, Line: i + 1, Message: fmt.Sprintf("%q is no NAME=value in UTF-8", line)})
				continue
			}
			variables[variable] = value
		}
	}
	return variables, faults
}
