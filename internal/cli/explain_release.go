package cli

import (
	"errors"
	"slices"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
)

// isLocked reports whether somebody else is at work, or has forbidden it.
func isLocked(err error) bool {
	var locked *target.LockedError
	var frozen *target.FrozenError
	return errors.As(err, &locked) || errors.As(err, &frozen)
}

// adviseOnLocks knows the errors of locks, and of going back.
func (s *session) adviseOnLocks(err error) string {
	var (
		locked    *target.LockedError
		lost      *target.LostError
		frozen    *target.FrozenError
		noWay     *release.NoWayBackError
		none      *action.NoReleaseError
		conflicts *action.ConflictsError
		cutOff    *action.CutOffError
		moved     *action.MovedError
	)
	switch {
	case errors.As(err, &locked):
		return "to wait for it: " + s.again("--lock-wait", "10m") + "; to watch it: skycap attach " + locked.Environment
	case errors.As(err, &lost):
		return "see what the other does: skycap attach " + lost.Environment
	case errors.As(err, &frozen) && slices.Contains(s.args, "lock"):
		return "to end it: skycap unlock " + frozen.Environment
	case errors.As(err, &frozen):
		return "to end it: skycap unlock " + frozen.Environment + "; to pass it, which is recorded: " + s.again("--override", "why")
	case errors.As(err, &noWay):
		return "to see the releases: skycap history " + noWay.Environment
	case errors.As(err, &moved):
		return "deploy the revision that is to run, or correct environments." + moved.Environment + ".services." + moved.Service + ".target"
	case errors.As(err, &none):
		return "to make the first: skycap deploy <rev> " + none.Environment
	case errors.As(err, &cutOff) && cutOff.Rollback:
		return "to finish it: skycap rollback " + cutOff.Environment
	case errors.As(err, &cutOff):
		return "to finish it: skycap deploy " + short(cutOff.Revision) + " " + cutOff.Environment
	case errors.As(err, &conflicts):
		return "to overwrite them: " + s.again("--conflicts", "take") + "; to leave them as they are: " + s.again("--conflicts", "leave")
	}
	return ""
}
