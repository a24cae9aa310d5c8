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
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"github.com/skycap/skycap/internal/run"
)

// gitRepository is a Git repository, read by go-git with no program started.
type gitRepository struct {
	dir        string
	repository *git.Repository
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
	return &gitRepository{dir: root, repository: repository}, nil
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
		return Revision{}, &UnknownError{Name: name, Repository: g.dir, Detail: err.Error()}
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
