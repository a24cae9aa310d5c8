package hosts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/pkg/skycap"
)

// skew is how far a host's clock may be off.
const skew = 5 * time.Second

// Examine looks at each host of the services as a deploy would.
func (t *Hosts) Examine(ctx context.Context, services []string) []skycap.Check {
	var checks []skycap.Check
	for _, g := range t.chosen(services) {
		errs := each(g.hosts, func(h *host) error { return h.look(ctx, true) })
		for i, h := range g.hosts {
			checks = append(checks, h.examine(errs[i])...)
		}
	}
	return checks
}

func (h *host) examine(unreached error) []skycap.Check {
	if unreached != nil {
		return []skycap.Check{h.check("ssh", unreached, "", "ssh "+h.address+" true")}
	}
	checks := []skycap.Check{h.check("ssh", nil, "user "+h.facts.user, "")}
	hosting := h.group.Service
	faults := append(h.placeFaults(hosting), h.unitFaults(&release.Folder{Service: hosting, UnitFile: []byte{}})...)
	for _, err := range faults {
		var fault *Fault
		if errors.As(err, &fault) {
			checks = append(checks, h.check("deploy_to", errors.New(fault.What), "", fault.Fix))
		}
	}
	if len(faults) == 0 {
		checks = append(checks, h.check("deploy_to", nil, fmt.Sprintf("%s, %d MiB free, %d releases", hosting.DeployTo, h.facts.free>>10, len(h.facts.folders)), ""))
	}
	return append(append(checks, h.examineTree()...), h.examineRest()...)
}

// examineTree finds what other tools have left that a deploy gets over, and they may not.
func (h *host) examineTree() []skycap.Check {
	is, hosting := h.facts, h.group.Service
	var checks []skycap.Check
	if is.stray != "" {
		checks = append(checks, h.check("releases/current", fmt.Errorf("a link to %q was left over by an interrupted Capistrano: its next deploy would publish the wrong release", is.stray),
			"", "rm "+hosting.DeployTo+"/releases/current"))
	}
	if running := is.running(); is.current != "" {
		if _, ok := is.folder(running); !ok {
			checks = append(checks, h.check("current", fmt.Errorf("it points to %q, which is not there", is.current), "", "skycap rollback "+h.group.target.Environment+" "+h.group.service))
		} else if want := hosting.DeployTo + "/releases/" + running; is.current != want {
			checks = append(checks, h.warned("current", fmt.Sprintf("it points to %q; Capistrano's clean-up knows the running release only as %q", is.current, want), "the next deploy sets it right"))
		}
	}
	if is.due {
		checks = append(checks, h.check("restart", errors.New("a deploy was cut off before it restarted the service"), "", "skycap restart "+h.group.target.Environment+" "+h.group.service))
	}
	return checks
}

func (h *host) examineRest() []skycap.Check {
	is := h.facts
	var checks []skycap.Check
	if off := is.now.Sub(h.group.target.Now()); off.Abs() > skew {
		checks = append(checks, h.warned("clock", fmt.Sprintf("it is off by %s from this machine's", off.Round(time.Second)), "set it on the host, as with timedatectl set-ntp true"))
	}
	if is.freeze != nil {
		checks = append(checks, h.warned("freeze", is.freeze.error(h.group.target.Environment).Error(), "skycap unlock "+h.group.target.Environment))
	}
	if is.held {
		checks = append(checks, h.warned("lock", h.lockedBy().Error(), "wait for it"))
	}
	if state, why := is.state(h.group.Service.Unit); state == skycap.StateDegraded && is.current != "" && is.blocked == "" && !is.due {
		checks = append(checks, h.warned("service", why, "skycap logs "+h.group.target.Environment+" "+h.group.service))
	}
	return checks
}

func (h *host) check(name string, err error, fine, fix string) skycap.Check {
	made := skycap.Check{
		Environment: h.group.target.Environment, Service: h.group.service, Target: skycap.TargetHosts, Instance: h.address,
		Name: name, OK: err == nil, Message: fine,
	}
	if err != nil {
		made.Message, made.Fix = err.Error(), fix
	}
	return made
}

func (h *host) warned(name, what, fix string) skycap.Check {
	made := h.check(name, errors.New(what), "", fix)
	made.Warning = true
	return made
}
