// Package pipeline makes the files that have skycap build run for each commit.
package pipeline

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

//go:embed files
var files embed.FS

// Facts are what the files say of an application.
type Facts struct {
	Mercurial  bool     // the repository's kind; else it is Git
	Version    string   // of skycap
	Registries []string // that the images are pushed to
}

// File is one file of a repository.
type File struct {
	Path    string // from the repository's root, with slashes
	Content string
	Mode    fs.FileMode
	Appends bool // it is added to what the file has already
}

// source is where a kind of pipeline has its file, and what that is made from.
type source struct {
	from, path string
	mode       fs.FileMode
	appends    bool
}

// Kinds are those that Make knows.
func Kinds() []string { return []string{"hook", "github", "gitlab"} }

// Make makes the file of a kind of pipeline.
func Make(kind string, facts Facts) (File, error) {
	from := map[string]source{
		"hook":   {"post-commit", ".git/hooks/post-commit", 0o755, false},
		"github": {"github.yml", ".github/workflows/skycap.yml", 0o644, false},
		"gitlab": {"gitlab.yml", ".gitlab-ci.yml", 0o644, false},
	}[kind]
	if kind == "hook" && facts.Mercurial {
		from = source{"hgrc", ".hg/hgrc", 0o644, true}
	}
	facts.Version = installable(facts.Version)
	text, err := template.New(from.from).Delims("[[", "]]").ParseFS(files, "files/"+from.from)
	if err != nil {
		return File{}, err
	}
	var content strings.Builder
	err = text.Execute(&content, facts)
	return File{Path: from.path, Content: content.String(), Mode: from.mode, Appends: from.appends}, err
}

var released = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)

// installable is a version that go install knows: this one, if it is a release.
func installable(version string) string {
	if released.MatchString(version) {
		return version
	}
	return "latest"
}

// ExistsError says that there is another file in a file's place.
type ExistsError struct{ Path string }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("file %q exists, and has something else in it", e.Path)
}

// Write puts a file into its place below a folder, and tells whether it wasn't there
// yet. What somebody else has written stays: an *ExistsError, unless it can be added to.
func (f File) Write(root string) (isNew bool, err error) {
	place := filepath.Join(root, filepath.FromSlash(f.Path))
	present, err := os.ReadFile(place)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return false, err
	case strings.Contains(string(present), strings.TrimSpace(f.Content)):
		return false, nil
	case !f.Appends:
		return false, &ExistsError{Path: place}
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil { //nolint:gosec // a folder of the repository
		return false, err
	}
	content := f.Content
	if len(present) == 0 {
		content = strings.TrimLeft(content, "\n")
	} else if !strings.HasSuffix(string(present), "\n") {
		content = "\n" + content
	}
	return true, add(place, content, f.Mode)
}

// add appends to a file, which is made where there is none.
func add(place, content string, mode fs.FileMode) error {
	file, err := os.OpenFile(place, os.O_APPEND|os.O_CREATE|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Close())
}
