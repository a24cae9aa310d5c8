package run

import (
	"slices"
	"strings"
)

// environment is what the program gets of ours, and its own.
func (c Command) environment(ours []string) []string {
	kept := slices.DeleteFunc(slices.Clone(ours), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.ContainsFunc(c.Without, func(pattern string) bool { return isNamed(name, pattern) })
	})
	return append(kept, c.Env...)
}

func isNamed(name, pattern string) bool {
	beginning, isOpen := strings.CutSuffix(pattern, "*")
	return name == pattern || isOpen && strings.HasPrefix(name, beginning)
}
