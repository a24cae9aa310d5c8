package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Fault is one thing that is wrong in a settings file.
type Fault struct {
	File       string // as given to Parse or Load
	Line       int    // from 1
	Column     int    // from 1
	Path       string // of the field, such as environments.staging.hosts.worker[1]; empty for the whole file
	Message    string // without the suggestion
	Suggestion string // the nearest right spelling, if there is one
}

// Error returns "file:line: path: message", with the suggestion behind it.
func (f Fault) Error() string {
	text := fmt.Sprintf("%s:%d: ", f.File, f.Line)
	if f.Path != "" {
		text += f.Path + ": "
	}
	text += f.Message
	if f.Suggestion != "" {
		text += fmt.Sprintf("; did you mean %q?", f.Suggestion)
	}
	return text
}

// Faults is every fault of one file, in the order of its lines.
type Faults []Fault

// Error returns one line for each fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

func (f Faults) sort() {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// A place is a position in a file.
type place struct{ line, column int }

// A document is a file while it is read: where each path stands in it, and what is wrong with it.
type document struct {
	file   string
	faults Faults
	places map[string]place
	unread map[string]bool // paths whose value could not be read, or which a misspelt key stands for
	values int             // how many more values the file may hold once its aliases are expanded
}

func newDocument(file string) *document {
	return &document{
		file:   file,
		places: map[string]place{"": {1, 1}},
		unread: map[string]bool{},
		values: maxValues,
	}
}

// err returns the faults in the order of their lines, nil when there are none.
func (d *document) err() error {
	if len(d.faults) == 0 {
		return nil
	}
	d.faults.sort()
	return d.faults
}

// misread reports a value that could not be read, once. The rules have nothing more to say about it.
func (d *document) misread(path, format string, args ...any) {
	if !d.isUnread(path) {
		d.misreadAt(d.place(path), path, format, args...)
	}
}

func (d *document) misreadAt(at place, path, format string, args ...any) {
	d.unread[path] = true
	d.report(at, path, fmt.Sprintf(format, args...), "")
}

// fault reports a value that breaks a rule, at the place of its path or of what encloses it, unless it
// could not be read in the first place.
func (d *document) fault(path, format string, args ...any) {
	if !d.isUnread(path) {
		d.report(d.place(path), path, fmt.Sprintf(format, args...), "")
	}
}

func (d *document) report(at place, path, message, suggestion string) {
	d.faults = append(d.faults, Fault{
		File: d.file, Line: max(at.line, 1), Column: max(at.column, 1),
		Path: path, Message: message, Suggestion: suggestion,
	})
}

// unknown reports a word at a path that should have been one of known, and returns the one that was
// probably meant.
func (d *document) unknown(path, what, word string, known []string) string {
	near := Nearest(word, known)
	message := fmt.Sprintf("unknown %s %q", what, word)
	if near == "" && len(known) > 0 {
		message += "; known are " + strings.Join(known, ", ")
	}
	d.report(d.place(path), path, message, near)
	return near
}

// isUnread reports whether a path, or what encloses it, could not be read.
func (d *document) isUnread(path string) bool {
	for ; path != ""; path = parent(path) {
		if d.unread[path] {
			return true
		}
	}
	return d.unread[""]
}

func (d *document) place(path string) place {
	for {
		if at, ok := d.places[path]; ok {
			return at
		}
		path = parent(path)
	}
}

// join returns the path of a key below a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// item returns the path of an item of the list at a path.
func item(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// parent returns the path of what encloses a path: a for a.b and for a[0], nothing for a.
func parent(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}
