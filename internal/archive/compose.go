package archive

import (
	"fmt"
	"maps"
	"strings"

	"github.com/skycap/skycap/internal/revision"
)

// The files in which a release folder says what it is, as Capistrano names them.
const (
	RevisionFile     = "REVISION"      // the full hash, line end
	RevisionTimeFile = "REVISION_TIME" // the commit's time in seconds since 1970, line end
)

// Part is what replaces all that the source has below a path of the release folder:
// configuration or secrets. An empty path is for services that have none.
type Part struct {
	Path  string
	Files revision.Tree
}

// Compose is the tree of a release folder: the source with the parts in their
// places, and the files that say which revision this is, which replace files of the
// source. A *PathError says what can't lie where it should; several are joined.
func Compose(source revision.Tree, r revision.Revision, parts ...Part) (revision.Tree, error) {
	composed := revision.Tree{}
	maps.Copy(composed, source)
	for _, part := range parts {
		if err := part.check(source); err != nil {
			return nil, err
		}
		maps.DeleteFunc(composed, func(name string, _ revision.File) bool {
			return part.Path != "" && strings.HasPrefix(name, part.Path+"/")
		})
		for name, file := range part.Files {
			composed[part.Path+"/"+name] = file
		}
	}
	composed[RevisionFile] = revision.File{Data: []byte(r.ID + "\n")}
	composed[RevisionTimeFile] = revision.File{Data: fmt.Appendln(nil, r.Date.Unix())}
	if err := check(composed); err != nil {
		return nil, err
	}
	return composed, nil
}

// check finds out whether the part can lie at its path.
func (p Part) check(source revision.Tree) error {
	if p.Path == "" && len(p.Files) == 0 {
		return nil
	}
	rule := broken(p.Path)
	if _, taken := source[p.Path]; taken {
		rule = "is a file or link of the source, so no configuration and no secrets can lie below it"
	} else if above := fileAbove(source, p.Path); above != "" {
		rule = fmt.Sprintf("lies below %q, which is a file or link of the source, so no configuration and no secrets can lie there", above)
	}
	if rule != "" {
		return &PathError{Path: p.Path, Rule: rule}
	}
	return nil
}
