package hosts

import (
	"context"
	"errors"
	"fmt"
	"path"
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
		return []skycap.Check{h.check("ssh", unreached, "", h.command("true"))}
	}
	checks := []skycap.Check{h.check("ssh", nil, "user "+h.facts.user, "")}
	hosting := h.group.Service
	faults := append(h.placeFaults(hosting), h.unitFaults(&release.Folder{Service: hosting, UnitFile: []byte{}})...)
	if h.facts.free < spare {
		faults = append(faults, h.fault(fmt.Sprintf("%d MiB are free at %q; a release needs %d beyond its files", h.facts.free>>10, h.facts.base, spare>>10),
			h.command("du", "-sh", h.facts.base+"/*")))
	}
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
			"", h.command("rm", hosting.DeployTo+"/releases/current")))
	}
	if is.current != "" {
		checks = append(checks, h.examineLink()...)
	}
	for _, one := range is.foreign {
		if len(is.unwritable) == 0 {
			there := path.Join(hosting.DeployTo, one.path)
			checks = append(checks, h.warned("owner", fmt.Sprintf("%q is of user %q, not of %q", there, one.user, h.owner(hosting)),
				h.command("sudo", "chown", "-R", h.owner(hosting), there)))
		}
	}
	for _, one := range is.folders {
		if why := h.neverRan(one); why != "" {
			there := hosting.DeployTo + "/releases/" + one.name
			checks = append(checks, h.warned("releases", fmt.Sprintf("%q %s: Capistrano's rollback may take it for what ran before", there, why), h.command("rm", "-r", there)))
		}
	}
	if is.due {
		checks = append(checks, h.check("restart", errors.New("a deploy was cut off before it restarted the service"), "", h.typed("restart")))
	}
	return checks
}

// neverRan says why a release folder is thought to be what a deploy left that was cut
// off, if it is. What skycap itself leaves is dated back, and cleaned up by its next deploy.
func (h *host) neverRan(one folder) string {
	running := h.facts.running()
	switch {
	case !stampPattern.MatchString(one.name) || one.name == running || h.numberOf(one.name) > 0:
		return ""
	case one.revision == "":
		return "has no REVISION, so a deploy was cut off before it was whole"
	case running != "" && one.name > running:
		return "is newer than what runs, so a deploy was cut off, or rolled back"
	}
	return ""
}

// examineLink checks that current leads to a release, in the words that Capistrano looks for.
func (h *host) examineLink() []skycap.Check {
	is, root := h.facts, h.group.Service.DeployTo
	if is.running() == "" {
		fix := h.typed("rollback")
		if len(h.records) == 0 {
			fix = "skycap deploy REVISION " + h.group.target.Environment
		}
		return []skycap.Check{h.check("current", fmt.Errorf("it points to %q, which is no release in %q", is.current, root+"/releases"), "", fix)}
	}
	want := root + "/releases/" + is.running()
	if is.current == want {
		return nil
	}
	return []skycap.Check{h.warned("current", fmt.Sprintf("it points to %q; Capistrano's clean-up knows the running release only as %q", is.current, want),
		h.command("ln", "-sfn", want, root+"/current"))}
}

func (h *host) examineRest() []skycap.Check {
	is := h.facts
	var checks []skycap.Check
	if off := is.off; off.Abs() > skew {
		checks = append(checks, h.warned("clock", fmt.Sprintf("it is off by %s from this machine's", off.Round(time.Second)), h.command("sudo", "timedatectl", "set-ntp", "true")))
	}
	if is.freeze != nil {
		checks = append(checks, h.warned("freeze", is.freeze.error(h.group.target.Environment).Error(), "skycap unlock "+h.group.target.Environment))
	}
	if is.held {
		checks = append(checks, h.warned("lock", h.lockedBy().Error(), "wait for it"))
	}
	if state, why := is.state(h.group.Service.Unit); state == skycap.StateDegraded && is.current != "" && is.blocked == "" && !is.due {
		checks = append(checks, h.warned("service", why, h.typed("logs")))
	}
	return checks
}

// typed is a command about the service, as one types it.
func (h *host) typed(verb string) string {
	return "skycap " + verb + " " + h.group.target.Environment + " " + h.group.service
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
