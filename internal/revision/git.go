package revision

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// gitRepository is a Git repository, read by go-git with no program started.
type gitRepository struct {
	root       string
	repository *git.Repository
}

func openGit(root string) (Repository, error) {
	repository, err := git.PlainOpenWithOptions(root, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
	if err != nil {
		return nil, fmt.Errorf("open the Git repository %q: %w", root, err)
	}
	return &gitRepository{root: root, repository: repository}, nil
}

func (g *gitRepository) Close() error { return nil }

func (g *gitRepository) Resolve(_ context.Context, name string) (Revision, error) {
	if err := checkName(name); err != nil {
		return Revision{}, err
	}
	if err := g.checkPrefix(name); err != nil {
		return Revision{}, err
	}
	hash, err := g.repository.ResolveRevision(plumbing.Revision(name))
	if err != nil {
		return Revision{}, &UnknownError{Name: name, Repository: g.root, Detail: err.Error()}
	}
	return g.describe(*hash)
}

var gitPrefix = regexp.MustCompile(`^[0-9a-f]{4,39}$`)

// checkPrefix refuses a short hash of several commits: go-git would take any one
// of them. A branch or tag of that name goes first, as in git.
func (g *gitRepository) checkPrefix(name string) error {
	if !gitPrefix.MatchString(name) || g.isReference(name) {
		return nil
	}
	commits, err := g.repository.CommitObjects()
	if err != nil {
		return err
	}
	var found []Revision
	err = commits.ForEach(func(commit *object.Commit) error {
		if strings.HasPrefix(commit.Hash.String(), name) {
			found = append(found, fromCommit(commit))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(found) > 1 {
		slices.SortFunc(found, func(a, b Revision) int { return b.Date.Compare(a.Date) })
		return &AmbiguousError{Name: name, Candidates: found}
	}
	return nil
}

func (g *gitRepository) isReference(name string) bool {
	for _, rule := range plumbing.RefRevParseRules {
		if _, err := g.repository.Reference(plumbing.ReferenceName(fmt.Sprintf(rule, name)), false); err == nil {
			return true
		}
	}
	return false
}

func (g *gitRepository) describe(hash plumbing.Hash) (Revision, error) {
	commit, err := g.repository.CommitObject(hash)
	if err != nil {
		return Revision{}, &UnknownError{Name: hex.EncodeToString(hash[:]), Repository: g.root, Detail: "that is not a commit"}
	}
	return fromCommit(commit), nil
}

func fromCommit(commit *object.Commit) Revision {
	summary, _, _ := strings.Cut(strings.TrimSpace(commit.Message), "\n")
	return Revision{
		ID: commit.Hash.String(), Number: -1,
		Author: commit.Author.Name, Date: commit.Author.When, Summary: summary,
	}
}

func (g *gitRepository) Between(_ context.Context, from, to string, most int) ([]Revision, error) {
	if err := checkHashes(from, to); err != nil {
		return nil, err
	}
	known := map[plumbing.Hash]bool{}
	if err := g.walk(from, func(commit *object.Commit) error { known[commit.Hash] = true; return nil }); err != nil {
		return nil, err
	}
	var found []Revision
	err := g.walk(to, func(commit *object.Commit) error {
		if !known[commit.Hash] {
			found = append(found, fromCommit(commit))
		}
		if len(found) == most {
			return storer.ErrStop
		}
		return nil
	})
	return found, err
}

// walk visits a commit and its history, newest first.
func (g *gitRepository) walk(from string, visit func(*object.Commit) error) error {
	commits, err := g.repository.Log(&git.LogOptions{From: plumbing.NewHash(from), Order: git.LogOrderCommitterTime})
	if err != nil {
		return err
	}
	return commits.ForEach(visit)
}

func (g *gitRepository) Files(ctx context.Context, revision Revision, paths []string) (Tree, error) {
	commit, err := g.repository.CommitObject(plumbing.NewHash(revision.ID))
	if err != nil {
		return nil, fmt.Errorf("commit %q: %w", revision.ID, err)
	}
	root, err := commit.Tree()
	if err != nil {
		return nil, fmt.Errorf("commit %q: %w", revision.ID, err)
	}
	tree := Tree{}
	for _, path := range paths {
		if err := g.add(ctx, tree, root, path); err != nil {
			return nil, fmt.Errorf("%q at %s: %w", path, revision.Short(), err)
		}
	}
	return tree, nil
}

// add adds the file at path, or all that lie below it.
func (g *gitRepository) add(ctx context.Context, tree Tree, root *object.Tree, path string) error {
	if path == "." {
		return g.addFolder(ctx, tree, root, "")
	}
	entry, err := root.FindEntry(path)
	if errors.Is(err, object.ErrEntryNotFound) || errors.Is(err, object.ErrDirectoryNotFound) ||
		errors.Is(err, plumbing.ErrObjectNotFound) { // the last: a part of the path is a file
		return nil
	}
	if err != nil {
		return err
	}
	if entry.Mode != filemode.Dir {
		return g.addFile(tree, *entry, path)
	}
	folder, err := root.Tree(path)
	if err != nil {
		return err
	}
	return g.addFolder(ctx, tree, folder, path+"/")
}

func (g *gitRepository) addFolder(ctx context.Context, tree Tree, folder *object.Tree, prefix string) error {
	walker := object.NewTreeWalker(folder, true, nil)
	defer walker.Close()
	for ctx.Err() == nil {
		name, entry, err := walker.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := g.addFile(tree, entry, prefix+name); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// addFile adds a file or link; folders and submodules add nothing.
func (g *gitRepository) addFile(tree Tree, entry object.TreeEntry, path string) error {
	if !entry.Mode.IsFile() {
		return nil
	}
	blob, err := g.repository.BlobObject(entry.Hash)
	if err != nil {
		return err
	}
	reader, err := blob.Reader()
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	data, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	if entry.Mode == filemode.Symlink {
		tree[path] = File{Link: string(data)}
	} else {
		tree[path] = File{Data: data, Executable: entry.Mode == filemode.Executable}
	}
	return nil
}
