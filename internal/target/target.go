// Package target is what every kind of place where services run can do.
package target

import (
	"context"
	"io"
	"time"

	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/pkg/skycap"
)

// Target is where an app runs in an environment: a namespace, or groups of hosts.
type Target interface {
	// Lock takes the locks of services, all or none, and holds them until Unlock.
	// It waits for others as long as the claim says, and for one that may be dead
	// until that is certain. It returns a *LockedError or a *FrozenError.
	Lock(ctx context.Context, services []string, claim Claim) (Lock, error)
	// Holders are those who hold the services' locks now, by service.
	Holders(ctx context.Context) (map[string]Holder, error)
	// Freeze forbids changes until Unfreeze. It returns a *FrozenError if it is frozen already.
	Freeze(ctx context.Context, holder Holder, why string) error
	// Unfreeze ends a freeze and returns it; nil where there was none.
	Unfreeze(ctx context.Context) (*FrozenError, error)

	// Plan finds out what applying a release would change here, with every check
	// that can be made before. It touches nothing. The release may have services in
	// other kinds of targets: these are recorded with it, and nothing else.
	Plan(ctx context.Context, release *release.Release, options Options) (Plan, error)
	// Begin records a release as started and returns its number: the one that
	// another target has given it, or where that is 0 one of its own, the next. The
	// ledger of a Group may take a higher one than it is given. One that was cut off
	// and is just this is taken up again.
	Begin(ctx context.Context, release *release.Release, plan Plan, number int) (int, error)
	// Stage does everything that can fail without harm: what it brings to the target
	// is used by nothing yet. Log is told what builds write.
	Stage(ctx context.Context, plan Plan, services []release.Service, log Log) error
	// Apply changes the target to what a plan says of these services. Changed
	// tells whether it got as far as changing anything, also when it fails. A
	// target that changes a few instances at a time, each only while those before
	// are healthy, tells Watch of them; how that ended is what Wait returns: with
	// Partial where others were left as they were, and with Tolerated where no more
	// failed than were allowed to.
	Apply(ctx context.Context, plan Plan, services []release.Service, watch Watch) (changed bool, err error)
	// Run runs the services' jobs of a phase to completion, each at most once for
	// a release. Changed is as of Apply. It returns a *JobError for one that failed.
	Run(ctx context.Context, plan Plan, number int, services []release.Service, phase Phase, log Log) (changed bool, err error)
	// Wait watches services until each is healthy or known to be broken, or
	// until the context ends. Watch is told each state on the way.
	Wait(ctx context.Context, services []release.Service, watch Watch) (map[release.Place]rollout.Assessment, error)
	// Settle removes what a healthy release has no use for any more: what a former
	// one had and this has not, and configuration that nothing refers to.
	Settle(ctx context.Context, plan Plan, release *release.Release, number int) error
	// End records how a release ended; an empty result says that nobody waited. In a
	// target that isn't the ledger, one that there is no record of needs none.
	End(ctx context.Context, number int, result skycap.Word) error
	// Leave records that a rollback left releases. One that there is no record of
	// needs no mark.
	Leave(ctx context.Context, numbers []int, by int) error

	// Explain gathers what tells why a service fails, from the target.
	Explain(ctx context.Context, service release.Service, assessment rollout.Assessment) Evidence
	// Status reads how services are from the target itself.
	Status(ctx context.Context, services []string) ([]skycap.ServiceStatus, error)
	// Restart starts a rolling restart of services; Wait tells how it ended.
	Restart(ctx context.Context, services []string, watch Watch) error
	// Stop stops all instances of services, and Start brings back as many as there
	// were. What is so already stays as it is. Wait tells how a start ended.
	Stop(ctx context.Context, services []string) error
	Start(ctx context.Context, services []string, watch Watch) error
	// Logs hands over lines of all instances of services, until there are no more
	// or, where they are followed, until the context ends.
	Logs(ctx context.Context, services []string, options LogOptions, log Log) error
	// Exec runs a command in an instance of a service, or in all, and returns its
	// exit status; of several the first that isn't 0.
	Exec(ctx context.Context, service string, command Execution) (status int, err error)
	// Examine checks whether services could be deployed from here, and changes nothing.
	Examine(ctx context.Context, services []string) []skycap.Check
	// Releases are the recorded releases, newest first.
	Releases(ctx context.Context) ([]skycap.Release, error)
	// Recorded is a release as its record holds it.
	Recorded(ctx context.Context, number int) (*release.Release, error)
	// Close ends what the target started on this machine.
	Close() error
}

// Approach has a target begin to reach for what services run on, where that takes
// its while; for all that it has when there are none. It changes nothing, and what
// goes wrong is the error of what is done next.
func Approach(ctx context.Context, target Target, services []string) {
	if far, ok := target.(interface {
		Approach(context.Context, []string)
	}); ok {
		far.Approach(ctx, services)
	}
}

// Watch is told how a service is whenever that changes, or one instance of it.
type Watch func(place release.Place, instance string, assessment rollout.Assessment)

// Log is told each line that an instance, a job or a build of a service writes.
type Log func(service, instance, line string)

// LogOptions say which lines are wanted.
type LogOptions struct {
	Follow bool
	Since  time.Duration // not older than that; 0 for all, up to Tail
	Tail   int           // the last ones of each instance; below 0 for all
}

// Execution is a command to run in instances of a service.
type Execution struct {
	Command     []string
	All         bool   // in every instance, not in one
	Instance    string // in this one; empty for the first that is ready
	Terminal    bool   // stdin is a terminal, which it gets
	Stdin       io.Reader
	Stdout, Err io.Writer
}

// Phase is when a job runs.
type Phase string

// The phases, as jobs are annotated.
const (
	PreDeploy  Phase = "pre-deploy"
	PostDeploy Phase = "post-deploy"
)

// Conflicts says what becomes of fields that somebody else has set since.
type Conflicts string

// The choices.
const (
	Refuse Conflicts = "refuse" // nothing is changed
	Take   Conflicts = "take"   // they become what the release says
	Keep   Conflicts = "leave"  // they stay as they are
)

// Options are the choices of a plan.
type Options struct {
	Adopt     bool // take over objects that kubectl or helm applied
	Conflicts Conflicts
	Anew      bool // it is a release of its own, though nothing may change here: something does elsewhere
}

// Plan is what applying a release would change.
type Plan struct {
	Changes  []skycap.ObjectChange
	Kept     []string          // what is left as people or controllers have set it, in words
	Recorded int               // the number of the release that already is just this; 0 when none is
	Result   skycap.Word       // of that release; empty when nobody saw how it ended
	Resumes  bool              // whether that release was cut off, and is taken up again
	Releases []skycap.Release  // that there are, newest first
	Force    bool              // whether the apply takes fields over
	Obsolete []manifest.Object // what goes once the release is healthy

	parts []Plan // of a Group: those of its targets
}

// Nothing reports whether there is nothing to do. One that was cut off still has
// to be brought to its end, though its objects may be there.
func (p Plan) Nothing() bool { return len(p.Changes) == 0 && p.Recorded > 0 && !p.Resumes }

// TakesUp reports whether a release is the one that was cut off and is taken up again.
func (p Plan) TakesUp(r skycap.Release) bool { return p.Resumes && r.Number == p.Recorded }

// Evidence is what tells why a service fails.
type Evidence struct {
	Cause string            // the cause, with what the container itself said of it
	Facts []string          // the strongest first
	Files map[string][]byte // by name: logs, events and objects
}

// Lock is what Lock returned.
type Lock interface {
	// Context is one within that which Lock was called with; it ends when the lock is lost.
	Context() context.Context
	// Check proves that the lock is held still. Each write asks it before.
	Check(ctx context.Context) error
	// Unlock gives the lock back.
	Unlock() error
}

// Claim is how a lock is wanted.
type Claim struct {
	Holder     Holder
	Wait       time.Duration // how long for others
	PassFreeze bool
	Waiting    func(text string) // is told whom it waits for
}

// Holder is who holds a lock, and for what.
type Holder struct {
	Who     string    // user@machine
	Job     string    // the CI job's address
	Command string    // as it was typed
	Since   time.Time // when the lock was taken
	Heard   time.Time // when the holder was heard of last
}
