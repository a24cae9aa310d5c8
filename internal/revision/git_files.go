package revision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"golang.org/x/sync/errgroup"
)

func (g *gitRepository) Files(ctx context.Context, revision Revision, paths []string, limit Limit) (Tree, error) {
	found := map[string]object.TreeEntry{}
	err := g.visit(ctx, revision, paths, func(at string, entry object.TreeEntry) error {
		found[at] = entry
		return nil
	})
	if err != nil {
		return nil, err
	}
	tree := make(Tree, len(found))
	if limit != (Limit{}) && len(found) > limit.Files {
		for at, entry := range found {
			tree[at] = File{Unread: Unsized, Executable: entry.Mode == filemode.Executable}
		}
		return tree, nil
	}
	names := slices.Sorted(maps.Keys(found))
	blobs, sizes := make([]plumbing.EncodedObject, len(names)), make([]int64, len(names))
	if limit != (Limit{}) {
		err := g.each(len(names), func(packs *filesystem.Storage, i int) (err error) { // of large ones this reads only how large they are
			if blobs[i], err = packs.EncodedObject(plumbing.BlobObject, found[names[i]].Hash); err != nil {
				return fmt.Errorf("%q at %s: %w", names[i], revision.Short(), err)
			}
			sizes[i] = blobs[i].Size()
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for i, isRead := range limit.read(sizes) {
		entry, blob := found[names[i]], blobs[i]
		blobs[i] = nil // in memory each byte lies once
		if !isRead {
			tree[names[i]] = File{Unread: sizes[i], Executable: entry.Mode == filemode.Executable}
			continue
		}
		if blob == nil {
			blob, err = g.blob(entry)
		}
		if err == nil {
			tree[names[i]], err = readBlob(blob, entry.Mode)
		}
		if err != nil {
			return nil, fmt.Errorf("%q at %s: %w", names[i], revision.Short(), err)
		}
	}
	return tree, ctx.Err()
}

// visit shows each file and link at or below the paths, or of all the commit.
func (g *gitRepository) visit(ctx context.Context, revision Revision, paths []string, show func(string, object.TreeEntry) error) error {
	root, err := g.root(revision.ID)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, at := range paths {
		at = path.Clean(at)
		entry, err := g.find(root, at)
		if err == nil {
			err = g.descend(ctx, entry, at, show)
		}
		var other *SubrepositoryError
		if errors.As(err, &other) {
			other.Revision = revision
			return other
		}
		if err != nil {
			return fmt.Errorf("%q at %s: %w", at, revision.Short(), err)
		}
	}
	return nil
}

// root is the folder that a commit is.
func (g *gitRepository) root(hash string) (object.TreeEntry, error) {
	commit, err := g.repository.CommitObject(plumbing.NewHash(hash))
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return object.TreeEntry{}, &UnknownError{Name: hash, Repository: g.dir, Detail: "that is not a commit"}
	}
	if err != nil {
		return object.TreeEntry{}, fmt.Errorf("commit %q: %w", hash, err)
	}
	return object.TreeEntry{Mode: filemode.Dir, Hash: commit.TreeHash}, nil
}

// entries are what a folder has, by name; what is no folder has none. go-git's own
// ways down a tree refuse names that Git allows, such as those with line ends, and
// one of them takes a folder that it can't read for the end of the tree.
func (g *gitRepository) entries(folder object.TreeEntry) (map[string]object.TreeEntry, error) {
	if folder.Mode != filemode.Dir {
		return nil, nil
	}
	tree, err := g.repository.TreeObject(folder.Hash)
	if err != nil {
		return nil, fmt.Errorf("folder %s: %w", folder.Hash, err)
	}
	entries := make(map[string]object.TreeEntry, len(tree.Entries))
	for _, entry := range tree.Entries {
		if strings.Contains(entry.Name, "/") || entry.Name == "." || entry.Name == ".." || strings.EqualFold(entry.Name, ".git") {
			return nil, fmt.Errorf("folder %s: %q is no name that Git allows", folder.Hash, entry.Name)
		}
		entries[entry.Name] = entry
	}
	return entries, nil
}

// find is the entry at a path; an empty one when there is none.
func (g *gitRepository) find(entry object.TreeEntry, at string) (object.TreeEntry, error) {
	if at == "." {
		return entry, nil
	}
	for name := range strings.SplitSeq(at, "/") {
		entries, err := g.entries(entry)
		if err != nil {
			return object.TreeEntry{}, err
		}
		entry = entries[name]
	}
	return entry, nil
}

// descend shows a file or link, or all that lie below a folder. It fails at a submodule.
func (g *gitRepository) descend(ctx context.Context, entry object.TreeEntry, at string, show func(string, object.TreeEntry) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if entry.Mode.IsFile() {
		return show(at, entry)
	}
	if entry.Mode == filemode.Submodule {
		return &SubrepositoryError{Kind: Git, Paths: []string{at}}
	}
	entries, err := g.entries(entry)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) { // so that of two faults it is always the same that is told
		if err := g.descend(ctx, entries[name], path.Join(at, name), show); err != nil {
			return err
		}
	}
	return nil
}

// manyBlobs is from how many on it pays to open the packs once more.
const manyBlobs = 1000

// each does work for each number below count: of many side by side. What go-git reads
// packs with reads one object at a time.
func (g *gitRepository) each(count int, work func(packs *filesystem.Storage, i int) error) error {
	if count >= manyBlobs && len(g.readers) == 1 {
		g.readers = append(g.readers, keepOpen(g.packs))
	}
	var next atomic.Int64
	workers := errgroup.Group{}
	for _, packs := range g.readers {
		workers.Go(func() error {
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				if err := work(packs, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return workers.Wait()
}

func (g *gitRepository) blob(entry object.TreeEntry) (plumbing.EncodedObject, error) {
	return g.packs.EncodedObject(plumbing.BlobObject, entry.Hash)
}

func readBlob(blob plumbing.EncodedObject, mode filemode.FileMode) (File, error) {
	reader, err := blob.Reader()
	if err != nil {
		return File{}, err
	}
	defer func() { _ = reader.Close() }()
	data := make([]byte, blob.Size())
	if _, err := io.ReadFull(reader, data); err != nil {
		return File{}, err
	}
	if mode == filemode.Symlink {
		return File{Link: string(data)}, nil
	}
	return File{Data: data, Executable: mode == filemode.Executable}, nil
}
