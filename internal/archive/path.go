package archive

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/skycap/skycap/internal/revision"
)

// PathError says that a path can't be part of a release folder.
type PathError struct {
	Path, Rule string
}

func (e *PathError) Error() string { return fmt.Sprintf("path %q %s", e.Path, e.Rule) }

// check finds all that tar would strip, refuse or write elsewhere.
func check(tree revision.Tree) error {
	var faults []error
	for _, name := range tree.Paths() {
		if rule := broken(name); rule != "" {
			faults = append(faults, &PathError{Path: name, Rule: rule})
			continue
		}
		if above := fileAbove(tree, name); above != "" {
			faults = append(faults, &PathError{Path: name, Rule: fmt.Sprintf("lies below %q, which is a file or link", above)})
		}
		if strings.Contains(tree[name].Link, "\x00") {
			faults = append(faults, &PathError{Path: name, Rule: "is a link to a path with a NUL in it"})
		}
	}
	return errors.Join(faults...)
}

// broken is the rule that a path breaks, if any.
func broken(name string) string {
	switch {
	case name == "" || name == ".":
		return "names the whole folder"
	case path.IsAbs(name):
		return "is absolute"
	case strings.Contains(name, "\x00"):
		return "has a NUL in it"
	}
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Sprintf("has the segment %q", segment)
		}
	}
	return ""
}

// fileAbove is the first file or link that lies where a path needs a folder, if any.
func fileAbove(tree revision.Tree, name string) string {
	for i, letter := range []byte(name) {
		if letter != '/' {
			continue
		}
		if _, taken := tree[name[:i]]; taken {
			return name[:i]
		}
	}
	return ""
}
