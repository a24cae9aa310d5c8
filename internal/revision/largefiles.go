package revision

import (
	"fmt"
	"strings"
)

// standins is the folder in which Mercurial's extension largefiles has, at the path of each
// file that it keeps elsewhere, a file with its hash.
const standins = ".hglf"

// LargefilesError says that files that were asked for are not in the repository: Mercurial's
// extension largefiles keeps them elsewhere.
type LargefilesError struct {
	Revision Revision
	Paths    []string // sorted
}

func (e *LargefilesError) Error() string {
	const shown = 3
	quoted := make([]string, 0, shown+1)
	for _, path := range e.Paths[:min(shown, len(e.Paths))] {
		quoted = append(quoted, fmt.Sprintf("%q", path))
	}
	if more := len(e.Paths) - len(quoted); more > 0 {
		quoted = append(quoted, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("revision %s has files in Mercurial's largefiles, which skycap doesn't read: %s",
		e.Revision.Short(), strings.Join(quoted, ", "))
}

// checkLargefiles returns a *LargefilesError where something in a tree stands for another file.
func checkLargefiles(revision Revision, tree Tree) error {
	var large []string
	for _, path := range tree.Paths() {
		if name, ok := strings.CutPrefix(path, standins+"/"); ok {
			large = append(large, name)
		}
	}
	if len(large) == 0 {
		return nil
	}
	return &LargefilesError{Revision: revision, Paths: large}
}
