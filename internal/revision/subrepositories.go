package revision

import (
	"fmt"
	"strings"
)

// SubrepositoryError says that a revision has other repositories in it. Their files are
// none of its own: what was built of it would lack them.
type SubrepositoryError struct {
	Kind     string // Mercurial or Git
	Revision Revision
	Paths    []string
}

func (e *SubrepositoryError) Error() string {
	what := "subrepositories"
	if e.Kind == Git {
		what = "submodules"
	}
	quoted := make([]string, len(e.Paths))
	for i, path := range e.Paths {
		quoted[i] = fmt.Sprintf("%q", path)
	}
	return fmt.Sprintf("revision %s has %s, at %s: skycap reads the files of one repository alone, and these would be missing",
		e.Revision.Short(), what, strings.Join(quoted, ", "))
}

// SubrepositoryFile is the file in which revisions of a kind of repository name the
// repositories that they have in them.
func SubrepositoryFile(kind string) string {
	if kind == Git {
		return ".gitmodules"
	}
	return ".hgsub"
}

// CheckSubrepositories returns a *SubrepositoryError where a revision's SubrepositoryFile
// names any; the file is empty where there is none.
func CheckSubrepositories(kind string, revision Revision, file File) error {
	var paths []string
	section := ""
	for line := range strings.Lines(string(file.Data)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = line
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.Trim(strings.TrimSpace(value), `"`)
		switch {
		case !ok || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";"):
		case kind == Mercurial && section == "": // path = source; below [subpaths] sources are rewritten
			paths = append(paths, key)
		case kind == Git && strings.HasPrefix(section, "[submodule") && strings.EqualFold(key, "path"):
			paths = append(paths, value)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	return &SubrepositoryError{Kind: kind, Revision: revision, Paths: paths}
}
