package revision

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/skycap/skycap/internal/run"
)

// Open opens the repository at dir or, if dir lies inside a checkout, the one
// around it. Kind is Mercurial, Git or empty for whatever is found.
func Open(runner run.Runner, dir, kind string) (Repository, error) {
	root, found, err := Discover(dir, kind)
	if err != nil {
		return nil, err
	}
	return openAt(runner, root, found)
}

// OpenAt opens the repository whose root is dir and no other, as one that somebody has
// named. It may be a bare one of Git's.
func OpenAt(runner run.Runner, dir, kind string) (Repository, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	found := rootOf(root, kind)
	if found == "" && kind != Mercurial && isBare(root) {
		found = Git
	}
	if found == "" {
		return nil, &NoRepositoryError{Dir: root, Kind: kind, Named: true}
	}
	return openAt(runner, root, found)
}

func openAt(runner run.Runner, root, kind string) (Repository, error) {
	if kind == Mercurial {
		return &mercurial{root: root, server: newCommandServer(runner, root)}, nil
	}
	return openGit(runner, root)
}

// Discover walks up from dir to the nearest folder that holds a repository, of a kind
// if one is named.
func Discover(dir, kind string) (root, found string, err error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return "", "", err
	}
	for folder := start; ; folder = filepath.Dir(folder) {
		if found := rootOf(folder, kind); found != "" {
			return folder, found, nil
		}
		if folder == filepath.Dir(folder) {
			return "", "", &NoRepositoryError{Dir: start, Kind: kind}
		}
	}
}

// rootOf is the kind of the checkout whose root a folder is; empty where it is none, or of
// another kind than the one that is named.
func rootOf(folder, kind string) string {
	for _, candidate := range []string{Mercurial, Git} {
		_, err := os.Stat(filepath.Join(folder, "."+candidate))
		if err == nil && (kind == "" || kind == candidate) {
			return candidate
		}
	}
	return ""
}

// isBare tells whether a folder is a repository of Git's without a checkout.
func isBare(folder string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			return false
		}
	}
	return true
}

// NoRepositoryError says that no repository lies at a folder or above it.
type NoRepositoryError struct {
	Dir, Kind string
	Named     bool // somebody named the folder: what lies above it doesn't count
}

func (e *NoRepositoryError) Error() string {
	kind, where := "Mercurial or Git", " or above it"
	if e.Kind != "" {
		kind = e.Kind
	}
	if e.Named {
		where = ""
	}
	return fmt.Sprintf("no %s repository at %q%s", kind, e.Dir, where)
}
