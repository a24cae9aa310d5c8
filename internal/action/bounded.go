package action

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/secret"
)

// copyBytes is how many bytes of its own hg may count to a file that was copied: what
// is so near to its bound is judged once it is read.
const copyBytes = 8 << 10

// bounded is a repository that lists before it reads, and reads nothing where some of it
// is larger, or more, than a release can hold.
type bounded struct {
	revision.Repository
	bounds []bound
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

// Files refuses all that is too large or too much at once, with a *config.Fault for each.
func (b *bounded) Files(ctx context.Context, at revision.Revision, paths []string) (revision.Tree, error) {
	listed, err := b.List(ctx, at, paths, config.MaxFiles*len(paths)) // of more, some path has too many
	if err == nil {
		err = errors.Join(b.checkSizes(listed), b.checkCounts(listed, paths))
	}
	if err != nil || len(listed) == 0 {
		return revision.Tree{}, err
	}
	return b.Repository.Files(ctx, at, paths)
}

func (b *bounded) checkSizes(listed []revision.Entry) error {
	var faults []error
	for _, entry := range listed {
		if of := b.boundOf(entry); entry.Size > of.size+copyBytes {
			faults = append(faults, &config.Fault{Path: entry.Path,
				Message: fmt.Sprintf("is %d bytes; %s may have at most %d (%d KiB)", entry.Size, of.what, of.size, of.size>>10)})
		}
	}
	return errors.Join(faults...)
}

// boundOf is the narrowest bound of a file.
func (b *bounded) boundOf(entry revision.Entry) bound {
	narrowest := sourceBound()
	for _, one := range b.bounds {
		for _, layer := range one.layers {
			if _, ok := entry.From(layer); ok && one.size < narrowest.size && path.Ext(entry.Path) != ".tmpl" {
				narrowest = one
			}
		}
	}
	return narrowest
}

// checkCounts counts what services lay over each other by its path there, and all else
// by where it was asked for.
func (b *bounded) checkCounts(listed []revision.Entry, paths []string) error {
	groups := make([][]string, 0, len(b.bounds)+len(paths))
	laid := map[string]bool{}
	for _, one := range b.bounds {
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
		if count := countIn(listed, folders); count > config.MaxFiles {
			faults = append(faults, &config.Fault{Path: strings.Join(folders, ", "),
				Message: fmt.Sprintf("%d files; a service may have at most %d", count, config.MaxFiles)})
		}
	}
	return errors.Join(faults...)
}

// countIn is how many files the folders have when they are laid over each other.
func countIn(listed []revision.Entry, folders []string) int {
	names := map[string]bool{}
	for _, entry := range listed {
		for _, folder := range folders {
			if name, ok := entry.From(folder); ok {
				names[name] = true
			}
		}
	}
	return len(names)
}

// bound makes a service's configuration and secrets be judged as such.
func (b *bounded) bound(layers, sealed []string) {
	b.bounds = append(b.bounds,
		bound{layers: layers, what: "a configuration file", size: config.MaxFileSize},
		bound{layers: sealed, what: "an encrypted file", size: secret.MaxSealedSize})
}
