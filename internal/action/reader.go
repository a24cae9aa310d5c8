package action

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/secret"
)

// copyBytes is how many bytes of its own hg may count to a file that was copied: what
// is so near to its bound is judged once it is read.
const copyBytes = 8 << 10

// reader reads a commit, but nothing where some of it is larger, or more, than a release
// can hold.
type reader struct {
	repository revision.Repository
	revision   revision.Revision
	bounds     []bound
}

// bound is how much the configuration, or the secrets, of one service may be.
type bound struct {
	layers []string
	what   string // one of their files
	size   int64  // of one, in bytes
}

// sourceBound is that of all else that is read: templates, which are judged by their
// output later, manifests, and what links lead to.
func sourceBound() bound {
	return bound{what: "a file that a release is made of", size: 8 << 20}
}

// maxTotal is how many bytes are read for one release at most, since all lie in memory.
const maxTotal = 1 << 30

// read reads files, with links followed. It refuses all that is too large or too much at
// once, with a *config.Fault for each.
func (r *reader) read(ctx context.Context, paths []string) (revision.Tree, error) {
	return revision.Follow(paths, func(paths []string) (revision.Tree, error) {
		tree, err := r.repository.Files(ctx, r.revision, paths, revision.Limit{
			Files: config.MaxFiles * len(paths), // of more, some path has too many
			Size:  sourceBound().size + copyBytes, Total: maxTotal,
		})
		if err == nil {
			err = errors.Join(r.checkSizes(tree), r.checkCounts(tree, paths))
		}
		if err == nil {
			err = errors.Join(checkRead(tree), checkPointers(tree))
		}
		return tree, err
	})
}

// maxAsIs is how many files are read of a commit at most.
const maxAsIs = 200_000

// readAsIs reads what lies below paths, or all of a commit, for release folders on hosts
// and for images: whatever it is, links kept, so long as it can be held in memory. Of
// pointers of Git LFS it is warned: not all of a tree has some use.
func (o *Operator) readAsIs(ctx context.Context, s *source, paths []string) (revision.Tree, error) {
	tree, err := s.repository.Files(ctx, s.revision, paths, revision.Limit{Files: maxAsIs, Size: maxTotal, Total: maxTotal})
	if err != nil {
		return nil, err
	}
	if len(tree) > maxAsIs {
		return nil, &config.Fault{Path: "files", Message: fmt.Sprintf("%d in revision %s; at most %d are read", len(tree), s.revision.Short(), maxAsIs)}
	}
	if pointers := pointersIn(tree); len(pointers) > 0 {
		o.Report.Warning(fmt.Sprintf("revision %s has only pointers to what is in Git LFS: %q is one of %d", s.revision.Short(), pointers[0], len(pointers)))
	}
	return tree, checkRead(tree)
}

// checkPointers refuses what stands for a file that Git LFS has elsewhere.
func checkPointers(tree revision.Tree) error {
	var faults []error
	for _, name := range pointersIn(tree) {
		faults = append(faults, &config.Fault{Path: name, Message: "is in Git LFS, and the repository has only a pointer to it: commit the file itself"})
	}
	return errors.Join(faults...)
}

// pointersIn are the paths of what Git LFS has elsewhere.
// Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
func pointersIn(tree revision.Tree) []string {
	return slices.DeleteFunc(tree.Paths(), func(name string) bool {
		return !bytes.HasPrefix(tree[name].Data, []byte("version https://git-lfs.github.com/spec/"))
	})
}

// checkRead refuses files that are together too large to be read.
func checkRead(tree revision.Tree) error {
	var total int64
	largest := ""
	for _, name := range tree.Paths() {
		if total += tree[name].Unread; tree[name].Unread > tree[largest].Unread {
			largest = name
		}
	}
	if total == 0 {
		return nil
	}
	return &config.Fault{Path: "files", Message: fmt.Sprintf("%d bytes in all, of which %q has %d; a release may be made of at most %d (1 GiB)",
		total, largest, tree[largest].Unread, maxTotal)}
}

func (r *reader) checkSizes(tree revision.Tree) error {
	var faults []error
	for _, name := range tree.Paths() {
		size := max(tree[name].Unread, int64(len(tree[name].Data)))
		if of := r.boundOf(name); size > of.size+copyBytes {
			faults = append(faults, &config.Fault{Path: name,
				Message: fmt.Sprintf("is %d bytes; %s may have at most %d (%d KiB)", size, of.what, of.size, of.size>>10)})
		}
	}
	return errors.Join(faults...)
}

// boundOf is the narrowest bound of a file.
func (r *reader) boundOf(name string) bound {
	narrowest := sourceBound()
	for _, one := range r.bounds {
		for _, layer := range one.layers {
			if _, ok := revision.From(layer, name); ok && one.size < narrowest.size && path.Ext(name) != ".tmpl" {
				narrowest = one
			}
		}
	}
	return narrowest
}

// checkCounts counts what services lay over each other by its path there, and all else
// by where it was asked for.
func (r *reader) checkCounts(tree revision.Tree, paths []string) error {
	groups := make([][]string, 0, len(r.bounds)+len(paths))
	laid := map[string]bool{}
	for _, one := range r.bounds {
		groups = append(groups, one.layers)
		for _, layer := range one.layers {
			laid[layer] = true
		}
	}
	for _, asked := range paths {
		if !laid[asked] {
			groups = append(groups, []string{asked})
		}
	}
	var faults []error
	for _, folders := range groups {
		if count := countIn(tree, folders); count > config.MaxFiles {
			faults = append(faults, &config.Fault{Path: strings.Join(folders, ", "),
				Message: fmt.Sprintf("%d files; a service may have at most %d", count, config.MaxFiles)})
		}
	}
	return errors.Join(faults...)
}

// countIn is how many files the folders have when they are laid over each other.
func countIn(tree revision.Tree, folders []string) int {
	names := map[string]bool{}
	for at := range tree {
		for _, folder := range folders {
			if name, ok := revision.From(folder, at); ok {
				names[name] = true
			}
		}
	}
	return len(names)
}

// bound makes a service's configuration and secrets be judged as such.
func (r *reader) bound(layers, sealed []string) {
	r.bounds = append(r.bounds,
		bound{layers: layers, what: "a configuration file", size: config.MaxFileSize},
		bound{layers: sealed, what: "an encrypted file", size: secret.MaxSealedSize})
}
