package revision

import (
	"container/heap"
	"context"
	"errors"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

func (g *gitRepository) Between(ctx context.Context, from, to string, most int) ([]Revision, error) {
	if err := checkHashes(from, to); err != nil {
		return nil, err
	}
	edge, err := g.packs.Shallow()
	if err != nil {
		return nil, err
	}
	w := &walk{repository: g, edge: edge, known: map[plumbing.Hash]bool{}, waits: map[plumbing.Hash]bool{}}
	for hash, isKnown := range map[string]bool{from: true, to: from == to} {
		if err := w.visit(plumbing.NewHash(hash), isKnown); err != nil {
			return nil, err
		}
	}
	return w.run(ctx, most)
}

// walk goes down two histories at once, newest first, until all that is ahead is in the
// first: what lies below both costs nothing.
type walk struct {
	repository *gitRepository
	edge       []plumbing.Hash        // commits of a shallow clone whose parents aren't here
	ahead      []*object.Commit       // a heap
	waits      map[plumbing.Hash]bool // those that are ahead and not known
	known      map[plumbing.Hash]bool // of each commit that was met, whether the first history has it
}

func (w *walk) run(ctx context.Context, most int) ([]Revision, error) {
	var found []*object.Commit
	for len(w.waits) > 0 && len(found) < most {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		commit := heap.Pop(w).(*object.Commit)
		delete(w.waits, commit.Hash)
		isKnown := w.known[commit.Hash]
		if !isKnown {
			found = append(found, commit)
		}
		if slices.Contains(w.edge, commit.Hash) {
			continue
		}
		for _, parent := range commit.ParentHashes {
			if err := w.visit(parent, isKnown); err != nil {
				return nil, err
			}
		}
	}
	var revisions []Revision
	for _, commit := range found {
		if !w.known[commit.Hash] { // that may have been learned later
			revisions = append(revisions, fromCommit(commit))
		}
	}
	return revisions, nil
}

// visit puts a commit ahead, once for each history that has it.
func (w *walk) visit(hash plumbing.Hash, isKnown bool) error {
	wasKnown, wasMet := w.known[hash]
	if wasMet && (wasKnown || !isKnown) {
		return nil
	}
	w.known[hash] = isKnown
	if w.waits[hash] {
		delete(w.waits, hash)
		heap.Init(w)
		return nil
	}
	commit, err := w.repository.repository.CommitObject(hash)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return &UnknownError{Name: hash.String(), Repository: w.repository.dir, Detail: "that is not a commit"}
	}
	if err != nil {
		return err
	}
	if !isKnown {
		w.waits[hash] = true
	}
	heap.Push(w, commit)
	return nil
}

func (w *walk) Len() int { return len(w.ahead) }

// Less puts the newest on top; of the same time, what is known, for it makes others known.
func (w *walk) Less(i, j int) bool {
	a, b := w.ahead[i], w.ahead[j]
	if order := a.Committer.When.Compare(b.Committer.When); order != 0 {
		return order > 0
	}
	return w.known[a.Hash] && !w.known[b.Hash]
}

func (w *walk) Swap(i, j int) { w.ahead[i], w.ahead[j] = w.ahead[j], w.ahead[i] }

// Push implements [heap.Interface].
func (w *walk) Push(commit any) { w.ahead = append(w.ahead, commit.(*object.Commit)) }

// Pop implements [heap.Interface].
func (w *walk) Pop() any {
	last := w.ahead[len(w.ahead)-1]
	w.ahead = slices.Delete(w.ahead, len(w.ahead)-1, len(w.ahead))
	return last
}
