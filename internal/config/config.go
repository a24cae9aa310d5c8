// Package config makes one tree of files out of an environment's layers. It is
// pure: what it reads comes in as values.
package config

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/skycap/skycap/internal/revision"
)

// Limits of one service's configuration, which spec and ConfigMaps set.
const (
	MaxFileSize = 900 << 10 // bytes, after rendering
	MaxFiles    = 5000
	maxName     = 255 // bytes: the kubelet refuses a longer one
)

// layout goes into the hash, so that a tree laid out otherwise by a later
// version gets another name.
const layout = "skycap config 2"

// Tree is a service's rendered configuration.
type Tree struct {
	Files revision.Tree
	Hash  string   // 10 hex digits over all paths, bytes and modes; empty without files
	Empty []string // layers that the revision has no file in

	sources map[string]string // of each path, where the repository has it
}

// Source is where the repository has a file of the tree; its path in the tree where that
// is not known.
func (t Tree) Source(name string) string { return cmp.Or(t.sources[name], name) }

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	Path    string // in the repository
	Line    int    // 0 when it is about the whole file
	Message string
}

func (f *Fault) Error() string {
	if f.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", f.Path, f.Line, f.Message)
	}
	return fmt.Sprintf("%s: %s", f.Path, f.Message)
}

// Render lays the layers over each other and renders the files named *.tmpl
// over fields. Its error joins a *Fault for each thing that is wrong; once the context
// ends, it is the context's.
func Render(ctx context.Context, files revision.Tree, layers []string, fields Fields) (Tree, error) {
	tree, err := Lay(files, layers, func(source, name string, file revision.File) (string, revision.File, error) {
		return renderFile(ctx, source, name, file, fields)
	})
	if ctx.Err() != nil {
		return tree, ctx.Err()
	}
	return tree, err
}

// Maker says what becomes of a file, and under which path: it gets the path in the
// repository, and the one in the layer.
type Maker func(source, name string, file revision.File) (string, revision.File, error)

// Lay lays the layers over each other, a later file replacing an earlier one of
// the same path.
func Lay(files revision.Tree, layers []string, make Maker) (Tree, error) {
	tree := Tree{Files: revision.Tree{}, sources: map[string]string{}}
	var faults []error
	for _, layer := range layers {
		below := files.Under(layer)
		if len(below) == 0 {
			tree.Empty = append(tree.Empty, layer)
		}
		_, isFile := files[path.Clean(layer)]
		laid := map[string]string{}
		for _, name := range below.Paths() {
			source := path.Join(layer, name)
			if isFile {
				source = path.Clean(layer)
			}
			target, file, err := make.file(source, name, below[name])
			if err != nil {
				faults = append(faults, err)
				continue
			}
			if other, taken := laid[target]; taken {
				faults = append(faults, &Fault{Path: source, Message: fmt.Sprintf("becomes %q, as %q does", target, other)})
			}
			laid[target] = source
			tree.Files[target] = file
		}
		maps.Copy(tree.sources, laid)
	}
	if len(layers) > 0 && len(tree.Empty) == len(layers) {
		faults = append(faults, &Fault{Path: strings.Join(layers, ", "), Message: "no file there at this revision"})
	}
	faults = append(faults, tree.check()...)
	if len(tree.Files) > 0 {
		tree.Hash = hash(tree.Files)
	}
	return tree, errors.Join(faults...)
}

func (m Maker) file(source, name string, file revision.File) (string, revision.File, error) {
	if fault := checkPath(source, name); fault != nil {
		return "", file, fault
	}
	return m(source, name, file)
}

func renderFile(ctx context.Context, source, name string, file revision.File, fields Fields) (string, revision.File, error) {
	target, isTemplate := strings.CutSuffix(name, ".tmpl")
	if isTemplate && path.Ext(name) != path.Base(name) { // a file of just that suffix is no template
		data, err := fields.render(ctx, source, file.Data)
		if err != nil {
			return "", file, err
		}
		name, file.Data = target, data
	}
	return name, file, CheckSize(source, file.Data)
}

// CheckSize refuses a file that no ConfigMap or Secret can hold.
func CheckSize(source string, data []byte) error {
	if len(data) <= MaxFileSize {
		return nil
	}
	return &Fault{Path: source,
		Message: fmt.Sprintf("is %d bytes; a configuration file may have at most %d (900 KiB)", len(data), MaxFileSize)}
}

func checkPath(source, name string) error {
	if !utf8.ValidString(name) {
		return &Fault{Path: fmt.Sprintf("%q", source), Message: "its path is not UTF-8"}
	}
	for segment := range strings.SplitSeq(name, "/") {
		if len(segment) > maxName {
			return &Fault{Path: source, Message: fmt.Sprintf("a name in its path is %d bytes; file systems take at most %d", len(segment), maxName)}
		}
		if strings.HasPrefix(segment, "..") {
			return &Fault{Path: source, Message: fmt.Sprintf("%q begins with two dots, which Kubernetes keeps for itself", segment)}
		}
	}
	return nil
}

// check finds what is wrong between files: too many, or one in the place of another's
// folder.
func (t Tree) check() []error {
	var faults []error
	if len(t.Files) > MaxFiles {
		faults = append(faults, &Fault{Path: "config", Message: fmt.Sprintf("%d files; a service may have at most %d", len(t.Files), MaxFiles)})
	}
	for _, name := range t.Files.Paths() {
		for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
			if _, taken := t.Files[folder]; taken {
				faults = append(faults, &Fault{Path: t.sources[name],
					Message: fmt.Sprintf("%q is a folder here, and the file %q in another layer", folder, t.sources[folder])})
			}
		}
	}
	return faults
}

// hash covers paths, modes and bytes; lengths keep them apart.
func hash(files revision.Tree) string {
	sum := sha256.New()
	sum.Write([]byte(layout + "\n"))
	for _, name := range files.Paths() {
		file := files[name]
		sum.Write(fmt.Appendf(nil, "%d %s %t %d\n", len(name), name, file.Executable, len(file.Data)))
		sum.Write(file.Data)
	}
	return hex.EncodeToString(sum.Sum(nil))[:10]
}
