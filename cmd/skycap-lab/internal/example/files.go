package example

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// placeholder stands in the example for the registry, whose port each lab chooses.
const placeholder = "registry.example.com"

// files are a version of the application: contents by path.
type files map[string][]byte

// readFiles reads configs/example and names the lab's registry in it.
func readFiles(source, registry string) (files, error) {
	root := filepath.Join(source, "configs", "example")
	found := files{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		found[filepath.ToSlash(name)] = content
		return err
	})
	if err != nil {
		return nil, err
	}
	config := found["skycap.yaml"]
	if !bytes.Contains(config, []byte(placeholder)) {
		return nil, fmt.Errorf("%q: no %q to put the lab's registry in", filepath.Join(root, "skycap.yaml"), placeholder)
	}
	found["skycap.yaml"] = bytes.ReplaceAll(config, []byte(placeholder), []byte(registry))
	return found, nil
}

// apply makes an edit. A text that isn't there means that the example and its
// history were not changed together.
func (f files) apply(e edit) error {
	content, ok := f[e.path]
	if !ok || !bytes.Contains(content, []byte(e.from)) {
		return fmt.Errorf("the example's history edits %q, which has no %q", e.path, e.from)
	}
	f[e.path] = bytes.Replace(content, []byte(e.from), []byte(e.to), 1)
	return nil
}

// rewind takes all edits back, the last one first.
func (f files) rewind(commits []commit) error {
	for _, c := range slices.Backward(commits) {
		for _, e := range slices.Backward(c.edits) {
			if err := f.apply(edit{e.path, e.to, e.from}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f files) write(dir string) error {
	for path, content := range f {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// sum is the hash of all that decides what the repository's commits are.
func (f files) sum(commits []commit) string {
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(h, "%q %q\n", path, f[path]) //nolint:errcheck // a hash never fails
	}
	fmt.Fprintf(h, "%v", commits) //nolint:errcheck // a hash never fails
	return hex.EncodeToString(h.Sum(nil))
}
