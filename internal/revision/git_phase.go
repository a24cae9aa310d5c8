package revision

import (
	"context"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// clockSkew is how much earlier than its parent a commit may have been made, by the
// clocks of those who made them.
const clockSkew = time.Hour

func (g *gitRepository) Phase(ctx context.Context, revision Revision) (Phase, error) {
	settings, err := g.repository.Config()
	if err != nil || len(settings.Remotes) == 0 {
		return "", err
	}
	fetched, err := g.fetched()
	if err != nil {
		return "", err
	}
	wanted, err := g.repository.CommitObject(plumbing.NewHash(revision.ID))
	if err != nil {
		return "", err
	}
	if slices.Contains(fetched, wanted.Hash) {
		return Public, nil
	}
	return g.phaseBelow(ctx, fetched, wanted)
}

// fetched are the commits that remotes' branches stood at when they were last fetched.
func (g *gitRepository) fetched() ([]plumbing.Hash, error) {
	references, err := g.repository.References()
	if err != nil {
		return nil, err
	}
	var tips []plumbing.Hash
	err = references.ForEach(func(reference *plumbing.Reference) error {
		if reference.Name().IsRemote() && reference.Type() == plumbing.HashReference {
			tips = append(tips, reference.Hash())
		}
		return nil
	})
	return tips, err
}

// phaseBelow looks for a commit in the history of others, where that is not older than
// the commit itself.
func (g *gitRepository) phaseBelow(ctx context.Context, tips []plumbing.Hash, wanted *object.Commit) (Phase, error) {
	oldest := wanted.Committer.When.Add(-clockSkew)
	seen := map[plumbing.Hash]bool{}
	for ahead := tips; len(ahead) > 0; {
		hash := ahead[len(ahead)-1]
		if ahead = ahead[:len(ahead)-1]; seen[hash] {
			continue
		}
		seen[hash] = true
		if hash == wanted.Hash {
			return Public, nil
		}
		if err := ctx.Err(); err != nil {
			return "", err
		}
		commit, err := g.repository.CommitObject(hash)
		if err != nil { // a tag, or beyond what a shallow clone has
			continue
		}
		if commit.Committer.When.After(oldest) {
			ahead = append(ahead, commit.ParentHashes...)
		}
	}
	return Draft, nil
}
