package revision

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/go-git/go-git/v5/plumbing/object"
)

func (g *gitRepository) Changed(ctx context.Context, from, to string) (changed, removed []string, err error) {
	if err := checkHashes(from, to); err != nil {
		return nil, nil, err
	}
	before, err := g.root(from)
	if err != nil {
		return nil, nil, err
	}
	after, err := g.root(to)
	if err != nil {
		return nil, nil, err
	}
	var found difference
	if err := g.compare(ctx, &found, before, after, ""); err != nil {
		return nil, nil, fmt.Errorf("what changed from %s to %s: %w", from, to, err)
	}
	slices.Sort(found.changed)
	slices.Sort(found.removed)
	return found.changed, found.removed, nil
}

type difference struct {
	changed, removed []string
}

// compare adds how the entries at one path differ, and what lies below them. It goes
// down only where hashes differ. An empty entry stands for none.
func (g *gitRepository) compare(ctx context.Context, found *difference, was, is object.TreeEntry, at string) error {
	if err := ctx.Err(); err != nil || was.Hash == is.Hash && was.Mode == is.Mode {
		return err
	}
	if is.Mode.IsFile() {
		found.changed = append(found.changed, at)
	} else if was.Mode.IsFile() {
		found.removed = append(found.removed, at)
	}
	before, err := g.entries(was)
	if err != nil {
		return err
	}
	after, err := g.entries(is)
	if err != nil {
		return err
	}
	names := map[string]object.TreeEntry{}
	maps.Copy(names, after)
	maps.Copy(names, before)
	for name := range names {
		if err := g.compare(ctx, found, before[name], after[name], path.Join(at, name)); err != nil {
			return err
		}
	}
	return nil
}
