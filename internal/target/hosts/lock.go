package hosts

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/skycap/skycap/internal/ssh"
	"github.com/skycap/skycap/internal/target"
)

// holder is who holds a host's lock, as it is written beside it.
type holder struct {
	Who     string    `json:"who"`
	Job     string    `json:"job,omitempty"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// freeze is why nobody may deploy.
type freeze struct {
	Who   string    `json:"who"`
	Why   string    `json:"why"`
	Since time.Time `json:"since"`
}

// The pauses between two tries for locks: while another gives way or ends, and while
// it is waited for. A holder that was killed is gone within the first.
const (
	yieldPause = 100 * time.Millisecond
	lockPause  = 500 * time.Millisecond
	yieldTime  = 3 * time.Second
)

// Lock takes the locks on all hosts of the services. The first host decides: who
// has it is given time to get the others, and who hasn't gives back what it got.
// So of two that begin at once, one goes on.
func (t *Hosts) Lock(ctx context.Context, services []string, claim target.Claim) (target.Lock, error) {
	groups := t.chosen(services)
	began, by := time.Now(), claim.Holder
	sign := mustJSON(holder{Who: by.Who, Job: by.Job, Command: by.Command, Since: t.Now().UTC()})
	for tried := time.Now(); ; {
		blocker, isFirst, err := t.tryLock(ctx, groups, sign)
		if err == nil && blocker == nil {
			err = t.checkFrozen(groups, claim)
		}
		if err != nil {
			t.unlock(groups)
			return nil, err
		}
		if blocker == nil {
			return &lock{ctx: ctx, target: t, groups: groups}, nil
		}
		locked, pause := blocker.lockedBy(), yieldPause
		if isFirst {
			t.unlock(groups)
		}
		if time.Since(tried) > yieldTime {
			t.unlock(groups)
			if time.Since(began) >= claim.Wait {
				return nil, locked
			}
			claim.Waiting(locked.Error())
			pause, tried = lockPause, time.Now()
		}
		select {
		case <-ctx.Done():
			t.unlock(groups)
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// tryLock takes what it can get. Blocker is a host that another has, and isFirst
// tells whether it is the one that decides.
func (t *Hosts) tryLock(ctx context.Context, groups []*group, sign string) (blocker *host, isFirst bool, err error) {
	var faults []error
	for _, g := range groups {
		taking := g.taking()
		errs := each(taking, func(h *host) error { return h.lock(ctx, sign) })
		faults = append(faults, g.lose(taking, errs))
	}
	if err := joined(faults); err != nil {
		return nil, false, err
	}
	first := true
	for _, g := range groups {
		for _, h := range g.taking() {
			if !h.locked && (blocker == nil || first) {
				blocker, isFirst = h, first
			}
			first = false
		}
	}
	return blocker, isFirst, nil
}

// lock takes the host's lock, if it is to be had, signs it, and reads the host's facts:
// all of it is sent in one go. Skycap's own folders are made where there are none.
func (h *host) lock(ctx context.Context, sign string) error {
	if h.locked {
		return nil
	}
	looking, err := h.tryLock(ctx, sign)
	if err != nil && h.cannotLock(err) {
		preparing := h.prepare(ctx)
		again, fault := h.tryLock(ctx, sign)
		if _, err := h.await(ctx, "prepare", preparing); err != nil {
			return h.unprepared(ctx, again, err)
		}
		looking, err = again, fault
	}
	if err != nil {
		return err
	}
	if err := h.learn(ctx, looking); err != nil {
		return err
	}
	if h.locked && !h.facts.prepared {
		_, err = h.await(ctx, "prepare", h.prepare(ctx))
	}
	return err
}

func (h *host) prepare(ctx context.Context) *ssh.Pending {
	return h.open(ctx).Send(h.step("prepare", h.group.Service, script("prepare")))
}

// tryLock tries to take the host's lock, and sends a look after it.
func (h *host) tryLock(ctx context.Context, sign string) (looking *ssh.Pending, err error) {
	session, look := h.open(ctx), h.looking(false)
	look.Env = append(look.Env, "SIGN="+sign)
	locking := session.Lock(h.group.Service.DeployTo + "/.skycap/lock")
	looking = session.Send(look)
	result, err := locking.Wait(ctx)
	if err != nil {
		return looking, h.failed("lock", err)
	}
	if result.Status != 0 && result.Status != ssh.Locked {
		err = &HostError{Service: h.group.service, Host: h.address, Step: "lock", Status: result.Status, Said: lines(string(result.Stderr))}
	}
	h.locked = result.Status == 0
	return looking, err
}

// cannotLock reports whether a host has answered that there is no file that can be locked.
func (h *host) cannotLock(err error) bool {
	var failed *HostError
	return errors.As(err, &failed) && failed.Step == "lock" && failed.Status != 0
}

// unprepared says why the host's folders could not be made, as a plan would.
func (h *host) unprepared(ctx context.Context, looking *ssh.Pending, err error) error {
	if h.learn(ctx, looking) != nil {
		return err
	}
	return cmp.Or(errors.Join(h.placeFaults(h.group.Service)...), err)
}

// lockedBy says who has the host's lock.
func (h *host) lockedBy() *target.LockedError {
	err := &target.LockedError{Service: h.group.service, Environment: h.group.target.Environment, Holder: target.Holder{Who: "unknown"}}
	if h.facts != nil && h.facts.holder != nil {
		err.Holder = h.facts.holder.public()
	}
	return err
}

// public is the holder, as it was heard of now: its lock ends with it.
func (h *holder) public() target.Holder {
	return target.Holder{Who: h.Who, Job: h.Job, Command: h.Command, Since: h.Since, Heard: time.Now()}
}

func (t *Hosts) checkFrozen(groups []*group, claim target.Claim) error {
	if claim.PassFreeze {
		return nil
	}
	for _, g := range groups {
		for _, h := range g.taking() {
			if found := h.facts.freeze; found != nil {
				return found.error(t.Environment)
			}
		}
	}
	return nil
}

func (f *freeze) error(environment string) *target.FrozenError {
	return &target.FrozenError{Environment: environment, Who: f.Who, Why: f.Why, Since: f.Since}
}

// unlock gives back what was got. A host that is gone has given it back itself.
func (t *Hosts) unlock(groups []*group) {
	for _, g := range groups {
		for _, h := range g.hosts {
			h.unlock()
			h.facts = nil
		}
	}
}

// unlock gives the host's lock back, without waiting for that.
func (h *host) unlock() {
	if h.locked {
		h.session.Unlock()
	}
	h.locked = false
}

// lock is the locks of services' hosts. Each is held by the remote shell that all
// steps go through: what can be written is written under it.
type lock struct {
	ctx    context.Context
	target *Hosts
	groups []*group
}

func (l *lock) Context() context.Context { return l.ctx }

func (l *lock) Check(ctx context.Context) error { return ctx.Err() }

func (l *lock) Unlock() error {
	l.target.unlock(l.groups)
	return nil
}

// Holders are those who hold locks now.
func (t *Hosts) Holders(ctx context.Context) (map[string]target.Holder, error) {
	holders := map[string]target.Holder{}
	for _, g := range t.chosen(t.all()) {
		for _, h := range g.hosts {
			h.facts = nil
		}
		if err := t.reach(ctx, []*group{g}); err != nil {
			return nil, err
		}
		for _, h := range g.taking() {
			if h.facts.held && h.facts.holder != nil {
				holders[g.service] = h.facts.holder.public()
			}
		}
	}
	return holders, nil
}

// writing is the step that writes files below .skycap.
func (h *host) writing(namesAndTexts ...string) ssh.Step {
	step := h.step("write", h.group.Service, script("write"), namesAndTexts...)
	step.User = h.group.Service.Owner
	return step
}

func mustJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it is all text, numbers and times
	}
	return string(text)
}
