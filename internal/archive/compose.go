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

// Compose is the tree of a release folder: the source with all that lies below
// configPath replaced by the rendered configuration, and the files that say which
// revision this is, which replace files of the source. An empty configPath is for
// services without configuration. A *PathError says what can't lie where it should;
// several are joined.
func Compose(source revision.Tree, configPath string, config revision.Tree, r revision.Revision) (revision.Tree, error) {
	if err := checkConfigPath(source, configPath, config); err != nil {
		return nil, err
	}
	composed := revision.Tree{}
	maps.Copy(composed, source)
	maps.DeleteFunc(composed, func(name string, _ revision.File) bool {
		return configPath != "" && strings.HasPrefix(name, configPath+"/")
	})
	for name, file := range config {
		composed[configPath+"/"+name] = file
	}
	composed[RevisionFile] = revision.File{Data: []byte(r.ID + "\n")}
	composed[RevisionTimeFile] = revision.File{Data: fmt.Appendln(nil, r.Date.Unix())}
	if err := check(composed); err != nil {
		return nil, err
	}
	return composed, nil
}

func checkConfigPath(source revision.Tree, configPath string, config revision.Tree) error {
	if configPath == "" && len(config) == 0 {
		return nil
	}
	rule := broken(configPath)
	if _, taken := source[configPath]; taken {
		rule = "is a file or link of the source, so no configuration can lie below it"
	} else if above := fileAbove(source, configPath); above != "" {
		rule = fmt.Sprintf("lies below %q, which is a file or link of the source, so no configuration can lie there", above)
	}
	if rule != "" {
		return &PathError{Path: configPath, Rule: rule}
	}
	return nil
}
