package revision

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/skycap/skycap/internal/run"
)

// gitRepository is a Git repository, read by go-git with no program started.
type gitRepository struct {
	runner     run.Runner // of git itself, for names that go-git doesn't know
	dir        string
	repository *git.Repository
	packs      *filesystem.Storage
	readers    []*filesystem.Storage // that and, once many files are read, another
}

// openGit has go-git read the repository, or where that can't, git itself.
func openGit(runner run.Runner, root string) (Repository, error) {
	repository, err := git.PlainOpenWithOptions(root, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
	beyond := func(is error) bool { return errors.Is(err, is) }
	if slices.ContainsFunc([]error{
		git.ErrUnknownExtension, git.ErrUnsupportedExtensionRepositoryFormatVersion, git.ErrUnsupportedRepositoryFormatVersion,
	}, beyond) {
		return &gitProgram{runner: runner, dir: root}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the Git repository %q: %w", root, err)
	}
	settings, err := repository.Config()
	if err != nil {
		return nil, fmt.Errorf("open the Git repository %q: %w", root, err)
	}
	if isPartial(settings) {
		return &gitProgram{runner: runner, dir: root}, nil
	}
	packs := keepOpen(repository.Storer.(*filesystem.Storage))
	if _, err := packs.Filesystem().Stat("objects/info/alternates"); err == nil { // objects are in another repository
		return &gitProgram{runner: runner, dir: root}, nil
	}
	if repository, err = git.Open(packs, nil); err != nil {
		return nil, fmt.Errorf("open the Git repository %q: %w", root, err)
	}
	return &gitRepository{runner: runner, dir: root, repository: repository, packs: packs, readers: []*filesystem.Storage{packs}}, nil
}

// Of what go-git keeps of the objects that it reads, in bytes: how much in all, and how
// large an object may be that it reads as a whole at once.
const (
	objectCache = 8 * cache.MiByte
	largeObject = 1 << 20
)

// keepOpen is the storage of a repository whose packs stay open, and that knows from a
// list which objects have a file of their own: go-git would look for each, and open the
// packs anew.
func keepOpen(opened *filesystem.Storage) *filesystem.Storage {
	return filesystem.NewStorageWithOptions(opened.Filesystem(), cache.NewObjectLRU(objectCache),
		filesystem.Options{KeepDescriptors: true, ExclusiveAccess: true, LargeObjectThreshold: largeObject})
}

// isPartial tells whether some remote has promised objects that are not here yet: git
// fetches them as they are needed.
func isPartial(settings *config.Config) bool {
	for _, remote := range settings.Raw.Section("remote").Subsections {
		if promises, err := strconv.ParseBool(remote.Option("promisor")); err == nil && promises {
			return true
		}
	}
	return false
}

func (g *gitRepository) Kind() string { return Git }

func (g *gitRepository) Close() error {
	var faults []error
	for _, packs := range g.readers {
		faults = append(faults, packs.Close())
	}
	return errors.Join(faults...)
}

func (g *gitRepository) Resolve(ctx context.Context, name string) (Revision, error) {
	if err := checkName(name); err != nil {
		return Revision{}, err
	}
	if gitFileName.MatchString(name) {
		return Revision{}, &UnknownError{Name: name, Repository: g.dir, Detail: "that is not a commit"}
	}
	if gitBraces.MatchString(name) {
		return g.resolveByProgram(ctx, name, "only git itself knows what is in braces")
	}
	plain, err := g.spellOut(name)
	if err != nil {
		return Revision{}, err
	}
	hash, err := g.repository.ResolveRevision(plumbing.Revision(plain))
	if err != nil {
		return g.resolveByProgram(ctx, name, err.Error())
	}
	return g.describe(*hash)
}

// gitBraces is what go-git would leave out of a name: an entry of a log of references, an
// upstream, or the kind of object that is meant.
var gitBraces = regexp.MustCompile(`@\{|\^\{`)

// resolveByProgram has git itself find a name, such as a tag of a tag, or what git describe
// prints. Without git the name is unknown for the reason that is given.
func (g *gitRepository) resolveByProgram(ctx context.Context, name, why string) (Revision, error) {
	found, err := (&gitProgram{runner: g.runner, dir: g.dir}).Resolve(ctx, name)
	var missing *run.NotFoundError
	if errors.As(err, &missing) {
		edge, _ := g.packs.Shallow()
		err = &UnknownError{Name: name, Repository: g.dir, Detail: why, Shallow: len(edge) > 0}
	}
	return found, err
}

// gitFileName is a file of a commit, which go-git takes for the commit.
var gitFileName = regexp.MustCompile(`^[^:{]+:`)

// gitPrefix is a short hash, and what may follow, such as ~1.
var gitPrefix = regexp.MustCompile(`^([0-9a-f]{4,39})([~^@].*)?$`)

// spellOut puts the full hash in the place of a short one, and refuses one of several
// commits: go-git would take any of them. A branch or tag of that name goes first, as in
// git; for go-git the hash does.
func (g *gitRepository) spellOut(name string) (string, error) {
	parts := gitPrefix.FindStringSubmatch(name)
	if parts == nil {
		return name, nil
	}
	if reference := g.reference(parts[1]); reference != "" {
		return reference + parts[2], nil
	}
	commits, err := g.withPrefix(parts[1])
	if err != nil || len(commits) == 0 {
		return name, err
	}
	if len(commits) > 1 {
		slices.SortFunc(commits, func(a, b Revision) int { return b.Date.Compare(a.Date) })
		return "", &AmbiguousError{Name: name, Candidates: commits}
	}
	return commits[0].ID + parts[2], nil
}

// withPrefix are the commits whose hash begins so.
func (g *gitRepository) withPrefix(prefix string) ([]Revision, error) {
	whole, err := hex.DecodeString(prefix[:len(prefix)/2*2])
	if err != nil {
		return nil, err
	}
	hashes, err := g.packs.HashesWithPrefix(whole)
	if err != nil {
		return nil, err
	}
	var found []Revision
	for _, hash := range hashes {
		if !strings.HasPrefix(hash.String(), prefix) {
			continue
		}
		if commit, err := g.repository.CommitObject(hash); err == nil { // else it is a file, a folder or a tag
			found = append(found, fromCommit(commit))
		}
	}
	return found, nil
}

// reference is the full name of a branch or tag; empty where there is none.
func (g *gitRepository) reference(name string) string {
	for _, rule := range plumbing.RefRevParseRules {
		full := plumbing.ReferenceName(fmt.Sprintf(rule, name))
		if _, err := g.repository.Reference(full, false); err == nil {
			return full.String()
		}
	}
	return ""
}

func (g *gitRepository) describe(hash plumbing.Hash) (Revision, error) {
	commit, err := g.repository.CommitObject(hash)
	if err != nil {
		return Revision{}, &UnknownError{Name: hex.EncodeToString(hash[:]), Repository: g.dir, Detail: "that is not a commit"}
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
