package hosts

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/skycap/skycap/pkg/skycap"
)

// Status reads how services are from their hosts: which folder is current, what
// systemd says of the unit, and whether the check passes.
func (t *Hosts) Status(ctx context.Context, services []string) ([]skycap.ServiceStatus, error) {
	groups := t.chosen(services)
	statuses := make([]skycap.ServiceStatus, len(groups))
	var work sync.WaitGroup
	for i, g := range groups {
		work.Go(func() { statuses[i] = g.status(ctx) })
	}
	work.Wait()
	return statuses, ctx.Err()
}

// status is how the service is.
func (g *group) status(ctx context.Context) skycap.ServiceStatus {
	errs := each(g.hosts, func(h *host) error { return h.look(ctx, true) })
	status := skycap.ServiceStatus{
		Environment: g.target.Environment, Service: g.service, Target: skycap.TargetHosts, Instances: []skycap.Instance{},
	}
	count := map[skycap.State]int{}
	revisions, numbers := map[string]bool{}, map[int]bool{}
	for i, h := range g.hosts {
		instance, state, why, number := h.instance(errs[i])
		count[state]++
		if status.Message == "" && why != "" {
			if status.Message = why; errs[i] == nil { // else it names the host itself
				status.Message = fmt.Sprintf("host %q: %s", h.address, why)
			}
		}
		if state == skycap.StateAbsent {
			continue
		}
		status.Instances = append(status.Instances, instance)
		if errs[i] == nil {
			revisions[instance.Revision], numbers[number] = true, true
			status.Revision, status.Release = instance.Revision, number
		}
	}
	if len(revisions) > 1 {
		status.Revision = ""
	}
	if len(numbers) > 1 {
		status.Release = 0
	}
	status.State = together(count, len(g.hosts))
	if status.State != skycap.StateDegraded && len(revisions) > 1 {
		status.Message = "its hosts run several revisions"
	}
	return status
}

// together is the state of all hosts.
func together(count map[skycap.State]int, hosts int) skycap.State {
	switch {
	case count[skycap.StateAbsent] == hosts:
		return skycap.StateAbsent
	case count[skycap.StateStopped]+count[skycap.StateAbsent] == hosts:
		return skycap.StateStopped
	case count[skycap.StateDegraded] > 0 || count[skycap.StateAbsent] > 0:
		return skycap.StateDegraded
	case count[skycap.StateProgressing] > 0:
		return skycap.StateProgressing
	}
	return skycap.StateHealthy
}

// instance is the host as an instance of its service, and why it isn't healthy.
func (h *host) instance(unreached error) (instance skycap.Instance, state skycap.State, why string, number int) {
	instance.Name = h.address
	if unreached != nil {
		return instance, skycap.StateDegraded, unreached.Error(), 0
	}
	is := h.facts
	running := is.running()
	if is.current == "" && is.blocked == "" {
		return instance, skycap.StateAbsent, "nothing is deployed there", 0
	}
	if one, ok := is.folder(running); ok {
		instance.Revision = one.revision
	}
	number = h.numberOf(running)
	if number > 0 {
		instance.Config = h.records[number].Summary.Running[h.group.service].Config
	}
	instance.Restarts, _ = strconv.Atoi(is.unit["NRestarts"]) // none without a unit
	instance.Since = systemdTime(is.unit["ActiveEnterTimestamp"])
	state, why = is.state(h.group.Service.Unit)
	instance.Ready = state == skycap.StateHealthy
	return instance, state, why, number
}

// numberOf is the number of the newest release that has a folder.
func (h *host) numberOf(name string) int {
	for _, summary := range h.summaries() {
		if h.records[summary.Number].Folder == name {
			return summary.Number
		}
	}
	return 0
}

// state is how the service is on the host.
func (f *facts) state(unit string) (skycap.State, string) {
	switch active := f.unit["ActiveState"]; {
	case f.blocked != "":
		return skycap.StateDegraded, "current is a " + f.blocked
	case unit != "" && f.stopped():
		return skycap.StateStopped, ""
	case unit != "" && (active == "activating" || active == "reloading" || active == "deactivating"):
		return skycap.StateProgressing, fmt.Sprintf("the unit is %s", active)
	case unit != "" && active != "active":
		return skycap.StateDegraded, fmt.Sprintf("the unit is %s (%s)", active, f.unit["Result"])
	case f.unhealthy != "":
		return skycap.StateDegraded, "the check fails: " + f.unhealthy
	case f.due:
		return skycap.StateDegraded, "a deploy was cut off before it restarted the service"
	}
	return skycap.StateHealthy, ""
}

// systemdTime reads a time as systemctl shows it, in UTC; zero where there is none.
func systemdTime(text string) time.Time {
	found, err := time.Parse("Mon 2006-01-02 15:04:05 MST", text)
	if err != nil {
		return time.Time{}
	}
	return found.UTC()
}
