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
	"strings"
	"time"

	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// todo is what a release has to do on a host.
type todo struct {
	name     string   // of the release folder
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
		if found, ok := h.facts.having(key); ok {
			shared = max(shared, found.name)
		}
	}
	fresh := now.UTC().Format(stamp)
	if last, err := time.Parse(stamp, newest); err == nil && fresh <= newest {
		fresh = last.Add(time.Second).Format(stamp)
	}
	for _, h := range g.taking() {
		h.todo = todo{found: h.facts.folders}
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

// placeFaults are what is wrong with the folder that is deployed to, and with the host's programs.
func (h *host) placeFaults(hosting release.Hosting) []error {
	var faults []error
	add := func(what, fix string) { faults = append(faults, h.fault(what, fix)) }
	is, user := h.facts, hosting.Owner
	if user == "" {
		user = is.user
	}
	for _, tool := range is.missing {
		add(fmt.Sprintf("program %q is not there", tool), fmt.Sprintf("install %s on the host", tool))
	}
	if is.noFetcher && hosting.CheckURL != "" {
		add("check.http needs curl or wget there", "install curl on the host, or use check.command")
	}
	switch {
	case is.readOnly != "":
		add(fmt.Sprintf("%q is on a file system that is mounted read-only, at %q", hosting.DeployTo, is.readOnly),
			"on the host, dmesg may tell why; then: sudo mount -o remount,rw "+is.readOnly)
	case is.root && !is.writable:
		add(fmt.Sprintf("user %q can't write to %q, which is of user %q", user, hosting.DeployTo, is.owner),
			fmt.Sprintf("sudo chown -R %s %s", user, hosting.DeployTo))
	case !is.root && !is.reachable:
		add(fmt.Sprintf("user %q can't make %q: %q is not theirs to write to", user, hosting.DeployTo, is.base),
			fmt.Sprintf("sudo install -d -o %s %s", user, hosting.DeployTo))
	}
	if is.blocked != "" {
		add(fmt.Sprintf("%q is a %s, and must be a link", hosting.DeployTo+"/current", is.blocked), fmt.Sprintf("on the host: mv %s/current %[1]s/current.old", hosting.DeployTo))
	}
	if is.foreign != "" && is.writable {
		add(fmt.Sprintf("in %q, %s, not of %q", hosting.DeployTo, is.foreign, user), fmt.Sprintf("sudo chown -R %s %s", user, hosting.DeployTo))
	}
	for _, file := range hosting.LinkedFiles {
		if !is.root || slices.Contains(is.unlinked, file) {
			at := hosting.DeployTo + "/shared/" + file
			add(fmt.Sprintf("linked file %q is not there", at), fmt.Sprintf("put it there, as with: scp %s %s:%s", path.Base(file), h.address, at))
		}
	}
	return faults
}

// unitFaults are what is wrong with the unit, and with the rights over it.
func (h *host) unitFaults(f *release.Folder) []error {
	var faults []error
	is := h.facts
	for _, command := range is.refused {
		faults = append(faults, h.fault(fmt.Sprintf("sudo refuses user %q %q without a password", is.user, command), "in sudoers: "+sudoersLine(is.user, command)))
	}
	if f.Service.Unit != "" && f.UnitFile == nil && is.unit["LoadState"] != "loaded" && !slices.Contains(is.missing, "systemctl") {
		faults = append(faults, h.fault(fmt.Sprintf("systemd has no unit %q", f.Service.Unit), "install it there, or name its file as unit_file in skycap.yaml"))
	}
	return faults
}

// sudoersLine is the line that allows a command.
func sudoersLine(user, command string) string {
	as := "root"
	if rest, ok := strings.CutPrefix(command, "-u "); ok {
		as, command, _ = strings.Cut(rest, " -- ")
	}
	program, rest, _ := strings.Cut(command, " ")
	folder := "/usr/bin/"
	return strings.TrimSpace(fmt.Sprintf("%s ALL=(%s) NOPASSWD: %s%s %s", user, as, folder, program, strings.ReplaceAll(rest, ":", `\:`)))
}

func (h *host) fault(what, fix string) *Fault {
	return &Fault{Service: h.group.service, Host: h.address, What: what, Fix: fix}
}
