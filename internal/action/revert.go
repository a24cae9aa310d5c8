package action

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/pkg/skycap"
)

// revert puts back what ran before a release that failed. The result stays that
// of the release, and says what became of it.
func (c *change) revert(ctx context.Context, failure error) error {
	c.Report.Phase("rollback", fmt.Sprintf("release %d failed: going back", c.result.Release))
	releases, err := c.target.Releases(ctx)
	if err != nil {
		return errors.Join(failure, err)
	}
	services := c.revertible(releases)
	former, err := c.former(ctx, c.target, releases, c.release.Environment, services, 0)
	if err != nil {
		return errors.Join(failure, err)
	}
	plan, err := c.target.Plan(ctx, former, c.Options)
	if err != nil {
		return errors.Join(failure, err)
	}
	choices := c.Choices
	choices.OnFailure, choices.NoWait = "hold", false
	var result skycap.Result
	back := &change{
		Operator: c.Operator, Choices: choices, release: former, target: c.target, lock: c.lock, plan: plan,
		leaves: leaves(releases, plan, services), result: &result,
	}
	err = back.carryOut(ctx)
	if !plan.Nothing() {
		c.result.RevertedBy = result.Release
	}
	if err != nil {
		if result.Word != skycap.ResultFailed { // the release that failed did change something
			c.result.Word = result.Word
		}
		return errors.Join(failure, fmt.Errorf("going back to release %d failed: %w", former.Of, err))
	}
	c.result.Word = skycap.ResultReverted
	return &RevertedError{Failure: failure, Release: c.result.Release, By: result.Release, To: former.Of}
}

// revertible are the services of the release that go back. One that was not got
// to goes along where it can.
func (c *change) revertible(releases []skycap.Release) []string {
	return slices.DeleteFunc(c.release.Names(), func(name string) bool {
		_, err := release.Back(releases, c.release.Environment, []string{name}, 0)
		return err != nil && !c.reached[name]
	})
}

// RevertedError says that a release failed, and that the former one runs again.
type RevertedError struct {
	Failure         error
	Release, By, To int
}

func (e *RevertedError) Error() string { return e.Failure.Error() }

// Unwrap is the failure.
func (e *RevertedError) Unwrap() error { return e.Failure }
