// Package debian makes sure that the programs which come from the system are there.
package debian

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
)

// Package is a Debian package and the program that proves it.
type Package struct{ Name, Program string }

// ForCommits is what builds images from a Mercurial repository.
func ForCommits() []Package {
	return []Package{{"mercurial", "hg"}}
}

// ForRealNodes is what a kubelet needs around it, and what builds images as root.
func ForRealNodes() []Package {
	return []Package{
		{"containerd", "containerd"},
		{"runc", "runc"},
		{"containernetworking-plugins", "/usr/lib/cni/bridge"},
		{"iproute2", "ip"},
		{"buildah", "buildah"},
	}
}

// ForMachines is what hosts that boot are made and reached with.
func ForMachines() []Package {
	return []Package{
		{"debootstrap", "debootstrap"},
		{"systemd-container", "systemd-nspawn"},
		{"iproute2", "ip"},
		{"openssh-client", "ssh"},
	}
}

// ForServers is what hosts that are no machines run and are reached with.
func ForServers() []Package {
	return []Package{{"openssh-server", "/usr/sbin/sshd"}, {"openssh-client", "ssh"}}
}

// Missing returns the packages whose program is not to be found.
func Missing(packages []Package) []string {
	var names []string
	for _, p := range packages {
		if _, err := exec.LookPath(p.Program); err != nil {
			names = append(names, p.Name)
		}
	}
	return names
}

// Install installs packages. No service that comes with them is started.
func Install(ctx context.Context, names []string) error {
	allowServices, err := forbidServices()
	if err != nil {
		return err
	}
	defer allowServices()
	install := process.Command{
		Argv:    append([]string{"apt-get", "install", "--yes", "--no-install-recommends"}, names...),
		Env:     append(os.Environ(), "DEBIAN_FRONTEND=noninteractive"),
		Timeout: 10 * time.Minute,
	}
	if _, err = install.Run(ctx); err == nil {
		return nil
	}
	// The lists of packages may be missing, or name versions that are gone.
	update := process.Command{Argv: []string{"apt-get", "update"}, Timeout: 5 * time.Minute}
	if _, err := update.Run(ctx); err != nil {
		return err
	}
	_, err = install.Run(ctx)
	return err
}

// CanInstall tells whether this program may install packages here.
func CanInstall() bool {
	_, err := exec.LookPath("apt-get")
	return err == nil && os.Geteuid() == 0
}

// MissingError is what is missing where the lab can't install it itself.
type MissingError struct{ Names []string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("programs are missing, of the Debian packages %q", e.Names)
}

// Hint is the command that installs them.
func (e *MissingError) Hint() string {
	return "sudo apt-get install --no-install-recommends " + strings.Join(e.Names, " ")
}

const (
	policyFile = "/usr/sbin/policy-rc.d"
	policy     = "#!/bin/sh\n# Written by skycap-lab while it installs packages; remove it if skycap-lab is not running.\nexit 101\n"
)

// forbidServices makes Debian's packages leave their services alone until the
// returned function is called. A policy that is somebody else's is not touched.
func forbidServices() (allow func(), err error) {
	if have, err := os.ReadFile(policyFile); err == nil && string(have) != policy {
		return func() {}, nil
	}
	if err := os.MkdirAll(filepath.Dir(policyFile), 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(policyFile, []byte(policy), 0o755); err != nil {
		return nil, err
	}
	return func() { os.Remove(policyFile) }, nil //nolint:errcheck // the file itself says what to do
}
