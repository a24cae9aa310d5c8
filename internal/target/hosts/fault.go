package hosts

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/skycap/skycap/internal/release"
)

// placeFaults are what is wrong with the folder that is deployed to, and with the host's programs.
func (h *host) placeFaults(hosting release.Hosting) []error {
	is, current := h.facts, hosting.DeployTo+"/current"
	var faults []error
	for _, tool := range is.missing {
		faults = append(faults, h.fault(fmt.Sprintf("program %q is not there", tool), "install it on the host"))
	}
	if is.noFetcher && hosting.CheckURL != "" {
		faults = append(faults, h.fault("check.http needs curl or wget there", "install curl on the host, or use check.command"))
	}
	faults = append(faults, h.rightFaults(hosting)...)
	if is.blocked != "" {
		faults = append(faults, h.fault(fmt.Sprintf("%q is a %s, and must be a link", current, is.blocked), h.command("mv", current, current+".old")))
	}
	for _, file := range hosting.LinkedFiles {
		if !is.root || slices.Contains(is.unlinked, file) {
			there := hosting.DeployTo + "/shared/" + file
			faults = append(faults, h.fault(fmt.Sprintf("linked file %q is not there", there), fmt.Sprintf("scp %s %s:%s", file, h.login(), there)))
		}
	}
	return faults
}

// rightFaults are why the owner can't write to what is deployed to.
func (h *host) rightFaults(hosting release.Hosting) []error {
	is, user := h.facts, h.owner(hosting)
	switch {
	case is.nobody != "":
		return []error{h.fault(fmt.Sprintf("there is no user %q, which is to own %q", is.nobody, hosting.DeployTo), h.command("sudo", "useradd", is.nobody))}
	case is.readonly != "":
		return []error{h.fault(fmt.Sprintf("%q is on a file system that is mounted read-only, at %q", hosting.DeployTo, is.readonly),
			h.command("sudo", "mount", "-o", "remount,rw", is.readonly))}
	case !is.root && !is.reachable:
		return []error{h.fault(fmt.Sprintf("user %q can't make %q: %q is not theirs to write to", user, hosting.DeployTo, is.base),
			h.command("sudo", "install", "-d", "-o", user, hosting.DeployTo))}
	}
	var faults []error
	for _, one := range is.unwritable {
		there := path.Join(hosting.DeployTo, one.path)
		fix := h.command("sudo", "chown", "-R", user, there)
		if one.user == user {
			fix = h.command("chmod", "u+w", there)
		}
		faults = append(faults, h.fault(fmt.Sprintf("user %q can't write to %q, which is of user %q", user, there, one.user), fix))
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

// owner is who owns what is deployed.
func (h *host) owner(hosting release.Hosting) string { return cmp.Or(hosting.Owner, h.facts.user) }

// login is the host as ssh and scp are told of it.
func (h *host) login() string {
	if h.group.User == "" {
		return h.address
	}
	return h.group.User + "@" + h.address
}

// command is what one types here to run a command there. sudo may ask for a password.
func (h *host) command(words ...string) string {
	ssh := "ssh "
	if words[0] == "sudo" {
		ssh = "ssh -t "
	}
	return ssh + h.login() + " " + strings.Join(words, " ")
}
