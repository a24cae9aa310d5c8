package revision

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// LinkError says that a symbolic link can't be followed.
type LinkError struct {
	Path, Link, Rule string
}

func (e *LinkError) Error() string {
	return fmt.Sprintf("link %q to %q %s", e.Path, e.Link, e.Rule)
}

// linksFollowed is how many links one path may lead through, as in Linux.
const linksFollowed = 40

// CheckLinks finds the links that lead out of the tree when it lies on a host as it
// is, links kept. Its error joins a *LinkError for each. A link that leads nowhere
// is none of them: its target may be made on the host.
func (t Tree) CheckLinks() error {
	var faults []error
	for _, name := range t.Paths() {
		if link := t[name].Link; link != "" && t.leaves(name) {
			faults = append(faults, &LinkError{Path: name, Link: link, Rule: "leads out of the repository"})
		}
	}
	return errors.Join(faults...)
}

// leaves walks a path as the system would, step by step: "folder/../x" is not "x"
// where folder is a link itself.
func (t Tree) leaves(name string) bool {
	folder, ahead := ".", strings.Split(name, "/")
	for followed := 0; len(ahead) > 0 && followed <= linksFollowed; {
		step := path.Join(folder, ahead[0])
		link := t[step].Link
		switch {
		case step == "..":
			return true
		case link == "":
			folder, ahead = step, ahead[1:]
		case path.IsAbs(link):
			return true
		default:
			ahead = append(strings.Split(link, "/"), ahead[1:]...)
			followed++
		}
	}
	return false
}
