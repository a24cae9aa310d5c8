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

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/objfile"
	"github.com/go-git/go-git/v5/plumbing/object"
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
	names := slices.Sorted(maps.Keys(found))
	isLimited := limit != (Limit{})
	tooMany := isLimited && len(names) > limit.Files
	hashes, sizes := make([]plumbing.Hash, len(names)), make([]int64, len(names))
	for i, at := range names {
		hashes[i], sizes[i] = found[at].Hash, Unsized
	}
	if isLimited && !tooMany {
		if sizes, err = g.sizes(hashes); err != nil {
			return nil, fmt.Errorf("files at %s: %w", revision.Short(), err)
		}
	}
	tree := make(Tree, len(names))
	for i, isRead := range limit.read(sizes) {
		at, entry := names[i], found[names[i]]
		if tooMany || !isRead {
			tree[at] = File{Unread: sizes[i], Executable: entry.Mode == filemode.Executable}
			continue
		}
		if err := g.addFile(tree, entry, at); err != nil {
			return nil, fmt.Errorf("%q at %s: %w", at, revision.Short(), err)
		}
	}
	return tree, ctx.Err()
}

// sizes are those of files, in bytes, which are not read.
func (g *gitRepository) sizes(hashes []plumbing.Hash) ([]int64, error) {
	loose := map[plumbing.Hash]bool{}
	if err := g.packs.ForEachObjectHash(func(hash plumbing.Hash) error { loose[hash] = true; return nil }); err != nil {
		return nil, err
	}
	sizes := make([]int64, len(hashes))
	for i, hash := range hashes {
		sizeOf := g.packs.EncodedObjectSize
		if loose[hash] {
			sizeOf = g.looseSize
		}
		var err error
		if sizes[i], err = sizeOf(hash); err != nil {
			return nil, fmt.Errorf("object %s: %w", hash, err)
		}
	}
	return sizes, nil
}

// looseSize is the size of an object that has a file of its own. go-git would leave that
// open: a folder of many would use up all that we may open.
func (g *gitRepository) looseSize(hash plumbing.Hash) (size int64, err error) {
	name := hash.String()
	file, err := g.packs.Filesystem().Open(path.Join("objects", name[:2], name[2:]))
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	reader, err := objfile.NewReader(file)
	if err != nil {
		return 0, err
	}
	defer func() { _ = reader.Close() }()
	_, size, err = reader.Header()
	return size, err
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

func (g *gitRepository) addFile(tree Tree, entry object.TreeEntry, at string) error {
	blob, err := g.repository.BlobObject(entry.Hash)
	if err != nil {
		return err
	}
	reader, err := blob.Reader()
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	data := make([]byte, blob.Size)
	if _, err := io.ReadFull(reader, data); err != nil {
		return err
	}
	if entry.Mode == filemode.Symlink {
		tree[at] = File{Link: string(data)}
	} else {
		tree[at] = File{Data: data, Executable: entry.Mode == filemode.Executable}
	}
	return nil
}
