package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
)

// FileName is the file that describes an application, at the root of its repository.
const FileName = "skycap.yaml"

// A NotFoundError says that there is no skycap.yaml.
type NotFoundError struct {
	Path  string // of the file, or of the folder where the search began
	Above bool   // whether the folders above were searched as well
}

func (e *NotFoundError) Error() string {
	if e.Above {
		return fmt.Sprintf("no %s in %q or a folder above it", FileName, e.Path)
	}
	return fmt.Sprintf("%q does not exist", e.Path)
}

// Find returns the path of the skycap.yaml in dir or in the nearest folder above it that has one.
// If there is none, the error is a *NotFoundError.
func Find(dir string) (string, error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for folder := start; ; folder = filepath.Dir(folder) {
		file := filepath.Join(folder, FileName)
		switch info, err := os.Stat(file); {
		case err == nil && !info.IsDir():
			return file, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", err
		case folder == filepath.Dir(folder):
			return "", &NotFoundError{Path: start, Above: true}
		}
	}
}

// Load reads and parses a file. The error is a *NotFoundError if it does not exist, Faults if it is
// wrong.
func Load(file string) (*Project, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{Path: file}
	}
	if err != nil {
		return nil, err
	}
	return Parse(file, data)
}

// Parse returns the project that data describes. Name is what faults call the file. Any error is
// Faults: all that is wrong with the file, each at its line.
func Parse(name string, data []byte) (*Project, error) {
	d := newDocument(name)
	root := d.parse(data)
	if root == nil {
		d.fault("", "is empty; an application needs at least its name, such as app: storefront")
		return nil, d.err()
	}
	sum := sha256.Sum256(data)
	p := &Project{File: name, Hash: hex.EncodeToString(sum[:])}
	d.decode(root, reflect.ValueOf(p).Elem(), "")
	if d.values < 0 {
		return nil, d.err() // the project is not whole
	}
	for name, service := range p.Services {
		service.Name = name
	}
	for name, environment := range p.Environments {
		environment.Name = name
	}
	(&checker{document: d, p: p}).project()
	if err := d.err(); err != nil {
		return nil, err
	}
	return p, nil
}
