package hosts

import "strings"

// answer is what a script said: lines of a name, a tab and a value.
type answer struct {
	status int
	lines  []line
}

type line struct{ name, value string }

func parse(data []byte) answer {
	var found answer
	for text := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(text, "\n"), "\t"); ok {
			found.lines = append(found.lines, line{name, value})
		}
	}
	return found
}

func (a answer) all(name string) []string {
	var values []string
	for _, line := range a.lines {
		if line.name == name {
			values = append(values, line.value)
		}
	}
	return values
}

func (a answer) first(name string) string {
	if values := a.all(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// did reports whether a script said that it has done something.
func (a answer) did(what string) bool {
	for _, done := range a.all("done") {
		if done == what {
			return true
		}
	}
	return false
}

// lines are the lines of a text that have something in them.
func lines(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			found = append(found, line)
		}
	}
	return found
}
