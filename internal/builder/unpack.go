package builder

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/revision"
)

// unpack writes an image's context into a private folder; remove removes it.
func unpack(image Image) (folder string, remove func(), err error) {
	private, err := os.MkdirTemp("", "skycap-build-") // mode 0700
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(private) }
	folder = filepath.Join(private, "context")
	if err := writeTree(folder, image.Context, image.Time); err != nil {
		remove()
		return "", nil, err
	}
	return folder, remove, nil
}

// writeTree writes files as an image is to have them: whatever our umask, readable for
// all. Nothing is written outside of the folder, whatever the tree's links say.
func writeTree(folder string, tree revision.Tree, at time.Time) error {
	if err := errors.Join(os.Mkdir(folder, 0o755), os.Chmod(folder, 0o755)); err != nil { //nolint:gosec // it lies in a private one
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, name := range tree.Paths() {
		if !filepath.IsLocal(name) {
			return &archive.PathError{Path: name, Rule: "leads out of the context"}
		}
		if err := makeFolder(root, path.Dir(name)); err != nil {
			return err
		}
		if err := writeFile(root, name, tree[name], at); err != nil {
			return err
		}
	}
	return nil
}

// makeFolder makes a folder and those above it.
func makeFolder(root *os.Root, name string) error {
	if name == "." {
		return nil
	}
	if _, err := root.Lstat(name); err == nil {
		return nil
	}
	if err := makeFolder(root, path.Dir(name)); err != nil {
		return err
	}
	if err := root.Mkdir(name, 0o755); err != nil {
		return err
	}
	return root.Chmod(name, 0o755)
}

func writeFile(root *os.Root, name string, file revision.File, at time.Time) error {
	if file.Link != "" {
		return root.Symlink(file.Link, name)
	}
	mode := os.FileMode(0o644)
	if file.Executable {
		mode = 0o755
	}
	if err := root.WriteFile(name, file.Data, mode); err != nil {
		return err
	}
	return errors.Join(root.Chmod(name, mode), root.Chtimes(name, at, at))
}
