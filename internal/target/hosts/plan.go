package hosts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"time"

	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// todo is what a release has to do on a host.
type todo struct {
	name     string   // of the release folder
	left     string   // the one that was current
	send     bool     // the folder isn't there yet
	base     folder   // of which only differences are sent; without a name none
	publish  bool     // current is to be moved, or what runs is to be restarted
	installs bool     // the unit's file is another
	stays    bool     // the unit is stopped, and stays so
	found    []folder // the release folders that were there
}

// Plan looks at the hosts, and at what would keep the release from being deployed.
func (t *Hosts) Plan(ctx context.Context, r *release.Release, _ target.Options) (target.Plan, error) {
	var plan target.Plan
	groups := t.chosen(r.Names())
	if err := t.reach(ctx, groups); err != nil {
		return plan, err
	}
	releases, err := t.Releases(ctx)
	if err != nil {
		return plan, err
	}
	plan.Releases = releases
	plan.Recorded, plan.Result, plan.Resumes = release.Recorded(r, releases)
	var faults []error
	for _, service := range r.Services {
		g, ok := t.groups[service.Name]
		if !ok || service.Folder == nil {
			continue
		}
		faults = append(faults, g.plan(service, &plan))
	}
	return plan, errors.Join(faults...)
}

// plan finds out what is to be done on each host of the service, and whether it can be.
func (g *group) plan(service release.Service, plan *target.Plan) error {
	hosting := service.Folder.Service
	if hosting.DeployTo != g.Service.DeployTo {
		return fmt.Errorf("service %q: the release has deploy_to %q, and skycap.yaml here has %q: what runs would be left behind",
			g.service, hosting.DeployTo, g.Service.DeployTo)
	}
	if err := checkLinked(service.Folder); err != nil {
		return err
	}
	g.name(service, g.target.Now())
	taking := g.taking()
	faults := make([]error, len(taking))
	for i, h := range taking {
		faults[i] = errors.Join(h.faults(service)...)
	}
	if err := g.lose(taking, faults); err != nil {
		return err
	}
	for _, h := range g.taking() {
		h.decide(service)
		plan.Changes = append(plan.Changes, h.changes(service)...)
		if h.todo.stays {
			plan.Kept = append(plan.Kept, fmt.Sprintf("service %q is stopped on host %q, and stays so", g.service, h.address))
		}
	}
	return nil
}

// checkLinked refuses linked paths that lie below a link of the tree: what is made
// or removed there would be somewhere else.
func checkLinked(f *release.Folder) error {
	if f.Source == nil {
		return nil
	}
	var faults []error
	tree := f.Source.Tree()
	for _, linked := range slices.Concat(f.Service.LinkedDirs, f.Service.LinkedFiles) {
		for above := path.Dir(linked); above != "."; above = path.Dir(above) {
			if tree[above].Link != "" {
				faults = append(faults, &archive.PathError{Path: linked, Rule: fmt.Sprintf("can't be linked to shared: %q is a link itself", above)})
			}
		}
	}
	return errors.Join(faults...)
}

// stamp is how Capistrano names release folders: the time in UTC.
const stamp = "20060102150405"

var stampPattern = regexp.MustCompile(`^[0-9]{14}$`)

// name gives each host the folder that it has already, or else the one that others
// have, or a new one. A new one comes after all that there are, whatever the clocks say.
func (g *group) name(service release.Service, now time.Time) {
	key, newest, shared := service.Folder.Key(), "", ""
	for _, h := range g.taking() {
		for _, one := range h.facts.folders {
			if stampPattern.MatchString(one.name) {
				newest = max(newest, one.name)
			}
		}
		for _, one := range h.records { // Capistrano may have removed its folder
			if stampPattern.MatchString(one.Folder) {
				newest = max(newest, one.Folder)
			}
		}
		if found, ok := h.facts.having(key); ok {
			shared = max(shared, found.name)
		}
	}
	fresh := now.UTC().Format(stamp)
	if last, err := time.Parse(stamp, newest); err == nil && fresh <= newest {
		fresh = last.Add(time.Second).Format(stamp)
	}
	for _, h := range g.taking() {
		h.todo = todo{found: h.facts.folders, left: h.facts.running()}
		if found, ok := h.facts.having(key); ok {
			h.todo.name = found.name
			continue
		}
		h.todo.send, h.todo.name = true, fresh
		if _, taken := h.facts.folder(shared); shared != "" && !taken {
			h.todo.name = shared
		}
	}
}

// decide finds out what is to be done, where there is nothing that forbids it.
func (h *host) decide(service release.Service) {
	f, is := service.Folder, h.facts
	if h.todo.send && f.Source != nil {
		if running, ok := is.folder(is.running()); ok && running.listed && len(running.revision) >= 40 {
			h.todo.base = running
		}
	}
	h.todo.installs = f.UnitFile != nil && is.unitFile != digest(f.UnitFile)
	h.todo.stays = f.Service.Unit != "" && is.stopped()
	isDown := f.Service.Unit != "" && !h.todo.stays && is.unit["ActiveState"] != "active"
	h.todo.publish = is.running() != h.todo.name || h.todo.installs || is.due || isDown
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// changes are the host's part of a plan.
func (h *host) changes(service release.Service) []skycap.ObjectChange {
	if !h.todo.publish {
		return nil
	}
	change := skycap.ObjectChange{Service: h.group.service, Action: "update", Kind: "Host", Name: h.address}
	if h.facts.current == "" {
		change.Action = "create"
	}
	if running := h.facts.running(); running != h.todo.name {
		field := skycap.FieldChange{Path: "current", New: "releases/" + h.todo.name}
		if running != "" {
			field.Old = "releases/" + running
		}
		change.Fields = append(change.Fields, field)
	}
	if h.todo.installs {
		change.Fields = append(change.Fields, skycap.FieldChange{Path: "unit_file", New: service.Folder.Service.Unit})
	}
	if len(change.Fields) == 0 {
		change.Fields = append(change.Fields, skycap.FieldChange{Path: "unit", Old: h.facts.unit["ActiveState"], New: "restarted"})
	}
	return []skycap.ObjectChange{change}
}

// spare is what is wanted free beyond the files themselves, in KiB.
const spare = 16 << 10

// faults are all that keep a service from being deployed to the host.
func (h *host) faults(service release.Service) []error {
	f, is := service.Folder, h.facts
	faults := append(h.placeFaults(f.Service), h.unitFaults(f)...)
	if h.todo.send && f.Source == nil {
		faults = append(faults, h.fault("the release folder that is to be put back is not there any more", "skycap deploy "+service.Revision+" "+h.group.target.Environment))
	}
	if h.todo.send && f.Source != nil {
		size, entries := archive.Size(f.Source.Tree())
		if need := size>>10*5/4 + spare; is.free < need {
			faults = append(faults, h.fault(fmt.Sprintf("%d MiB are free at %q; the release needs %d", is.free>>10, is.base, need>>10),
				"make room, or lower keep_releases in skycap.yaml"))
		}
		if is.inodes >= 0 && is.inodes < int64(entries) {
			faults = append(faults, h.fault(fmt.Sprintf("%d inodes are free at %q; the release needs %d", is.inodes, is.base, entries),
				fmt.Sprintf("on the host, remove files below %s", is.base)))
		}
	}
	return faults
}
