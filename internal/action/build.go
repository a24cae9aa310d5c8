package action

import (
	"context"
	"time"

	"github.com/skycap/skycap/pkg/skycap"
)

// Build makes the images of a revision, and nothing of the working copy.
type Build struct {
	*Operator
	Wanted
	Push    bool
	Program string        // the builder's name; any that works when empty
	Within  time.Duration // for the build of one image
}

// Run finds out which images are missing and makes those, one after the other. The
// result has those that are there, also where a later one failed.
func (b *Build) Run(ctx context.Context) (skycap.Result, error) {
	result := skycap.Result{App: b.Project.App, Services: []skycap.ServiceResult{}}
	b.Report.Start("build " + b.Revision)
	b.Report.Phase("prepare", "resolving the revision and looking for its images")
	err := b.from(ctx, b.Wanted, func(s *source) error {
		result.App, result.Revision = s.project.App, s.revision.ID
		recipes, err := b.recipes(s)
		if err != nil {
			return err
		}
		w := &workshop{Build: b, source: s, result: &result}
		return w.makeAll(ctx, recipes)
	})
	if err != nil && result.Changed && ctx.Err() == nil {
		result.Word = skycap.ResultPartial
	} else if err == nil {
		result.Word = skycap.ResultOK
	}
	return result, err
}
