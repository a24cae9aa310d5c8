package target

import (
	"context"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/pkg/skycap"
)

// Plan has all parts plan at the same time, each with the whole release: a part
// plans what is its own, and the ledger records all.
func (g *Group) Plan(ctx context.Context, r *release.Release, options Options) (Plan, error) {
	plans := make([]Plan, len(g.parts))
	shares := g.concerned(r.Services)
	plan := func(_ int, s share) (err error) {
		plans[s.at], err = s.Target.Plan(ctx, r, options)
		return err
	}
	err := atOnce(shares, plan)
	if err == nil && !merged(plans).Nothing() && !options.Anew {
		options.Anew = true
		err = atOnce(idle(shares, plans), plan)
	}
	return agreed(merged(plans)), err
}

// idle are the parts that took the release for one that they have already. Since
// something changes elsewhere, it is a new one, which may run jobs.
func idle(shares []share, plans []Plan) []share {
	var found []share
	for _, s := range shares {
		if plans[s.at].Nothing() {
			found = append(found, s)
		}
	}
	return found
}

// merged is the plan of all parts; what is recorded is the ledger's to say.
func merged(plans []Plan) Plan {
	ledger := plans[0]
	all := Plan{Recorded: ledger.Recorded, Result: ledger.Result, Resumes: ledger.Resumes, Releases: ledger.Releases, parts: plans}
	for _, plan := range plans {
		all.Changes = append(all.Changes, plan.Changes...)
		all.Kept = append(all.Kept, plan.Kept...)
		all.Obsolete = append(all.Obsolete, plan.Obsolete...)
		all.Force = all.Force || plan.Force
	}
	return all
}

// agreed makes the parts say what the whole says: whether there is anything to do,
// and whether a release is taken up again.
func agreed(all Plan) Plan {
	for i := range all.parts {
		part := &all.parts[i]
		part.Recorded, part.Result, part.Resumes = all.Recorded, all.Result, all.Resumes
		if !all.Nothing() && !all.Resumes {
			part.Recorded, part.Result = 0, ""
		}
	}
	return all
}

// Begin has the ledger give a number, and tells it to the other parts that have
// services of the release.
func (g *Group) Begin(ctx context.Context, r *release.Release, plan Plan, number int) (int, error) {
	for _, s := range g.concerned(r.Services) {
		if s.at == 0 {
			number = max(number, unused(plan.parts))
		}
		begun, err := s.Target.Begin(ctx, r, plan.parts[s.at], number)
		if err != nil {
			return max(number, begun), err
		}
		number = begun
	}
	return number, nil
}

// unused is the number after those that the other parts know of, since they may
// be older than the ledger; 0 where it knows of all.
func unused(parts []Plan) int {
	newest := func(releases []skycap.Release) int {
		if len(releases) == 0 {
			return 0
		}
		return releases[0].Number
	}
	number := 0
	for _, part := range parts[1:] {
		if last := newest(part.Releases); last > newest(parts[0].Releases) {
			number = max(number, last+1)
		}
	}
	return number
}

// Settle settles the parts that the release concerns.
func (g *Group) Settle(ctx context.Context, plan Plan, r *release.Release, number int) error {
	return atOnce(g.concerned(r.Services), func(_ int, s share) error {
		return s.Target.Settle(ctx, plan.parts[s.at], r, number)
	})
}

// Releases are the ledger's.
func (g *Group) Releases(ctx context.Context) ([]skycap.Release, error) {
	return g.parts[0].Target.Releases(ctx)
}

// Recorded is the ledger's.
func (g *Group) Recorded(ctx context.Context, number int) (*release.Release, error) {
	return g.parts[0].Target.Recorded(ctx, number)
}

// End writes the result to all records of a release.
func (g *Group) End(ctx context.Context, number int, result skycap.Word) error {
	return g.record(ctx, number, func(_ int, s share) error { return s.Target.End(ctx, number, result) })
}

// Leave marks the records in the parts that the rollback concerns.
func (g *Group) Leave(ctx context.Context, numbers []int, by int) error {
	if len(numbers) == 0 {
		return nil
	}
	return g.record(ctx, by, func(_ int, s share) error { return s.Target.Leave(ctx, numbers, by) })
}

// record does something in the ledger and in the parts that keep a record of a release.
func (g *Group) record(ctx context.Context, number int, do func(int, share) error) error {
	releases, err := g.Releases(ctx)
	if err != nil {
		return err
	}
	shares := []share{{Part: g.parts[0]}}
	for _, found := range releases {
		if found.Number != number {
			continue
		}
		for _, s := range g.byName(found.Services) {
			if s.at > 0 {
				shares = append(shares, s)
			}
		}
	}
	return atOnce(shares, do)
}
