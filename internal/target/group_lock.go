package target

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// Lock takes the locks of one part after the other, and gives back those that it
// has where a later one fails. Each is taken within the context of the one
// before: it ends when any is lost.
func (g *Group) Lock(ctx context.Context, services []string, claim Claim) (Lock, error) {
	held := locks{}
	deadline := time.Now().Add(claim.Wait)
	within := ctx
	for _, s := range g.byName(services) {
		claim.Wait = max(0, time.Until(deadline))
		lock, err := s.Target.Lock(within, s.names, claim)
		if err != nil {
			var lost *LostError
			if ctx.Err() == nil && errors.As(context.Cause(within), &lost) {
				err = lost
			}
			return nil, errors.Join(err, held.Unlock())
		}
		held, within = append(held, lock), lock.Context()
	}
	return held, nil
}

// locks are those of several parts, in their order.
type locks []Lock

func (l locks) Context() context.Context { return l[len(l)-1].Context() }

// Check asks all.
func (l locks) Check(ctx context.Context) error {
	for _, lock := range l {
		if err := lock.Check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Unlock gives back all, the last first.
func (l locks) Unlock() error {
	var faults []error
	for _, lock := range slices.Backward(l) {
		faults = append(faults, lock.Unlock())
	}
	return errors.Join(faults...)
}

// Holders are those of all parts. Who holds a service in one of them holds it.
func (g *Group) Holders(ctx context.Context) (map[string]Holder, error) {
	found := make([]map[string]Holder, len(g.parts))
	err := atOnce(g.whole(), func(i int, s share) (err error) {
		found[i], err = s.Target.Holders(ctx)
		return err
	})
	holders := map[string]Holder{}
	for _, of := range slices.Backward(found) { // so that the ledger's win
		maps.Copy(holders, of)
	}
	return holders, err
}

// undoTime bounds how long it may take to undo what was done in some parts.
const undoTime = 10 * time.Second

// Freeze freezes all parts or none.
func (g *Group) Freeze(ctx context.Context, holder Holder, why string) error {
	for i, part := range g.parts {
		err := part.Target.Freeze(ctx, holder, why)
		if err == nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
		defer cancel()
		for _, frozen := range g.parts[:i] {
			_, undone := frozen.Target.Unfreeze(ctx)
			err = errors.Join(err, undone)
		}
		return err
	}
	return nil
}

// Unfreeze ends the freeze of all parts. Where one fails, those before it are
// frozen again.
func (g *Group) Unfreeze(ctx context.Context) (*FrozenError, error) {
	ended := make([]*FrozenError, len(g.parts))
	for i, part := range g.parts {
		var err error
		if ended[i], err = part.Target.Unfreeze(ctx); err != nil {
			return nil, errors.Join(err, g.freezeAgain(ctx, ended[:i]))
		}
	}
	for _, frozen := range ended {
		if frozen != nil {
			return frozen, nil
		}
	}
	return nil, nil
}

func (g *Group) freezeAgain(ctx context.Context, ended []*FrozenError) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	var faults []error
	for i, frozen := range ended {
		if frozen != nil {
			faults = append(faults, g.parts[i].Target.Freeze(ctx, Holder{Who: frozen.Who, Since: frozen.Since}, frozen.Why))
		}
	}
	return errors.Join(faults...)
}
