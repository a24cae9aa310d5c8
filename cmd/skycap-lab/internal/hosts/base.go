package hosts

import (
	"context"
	"crypto/sha256"
	_ "embed" // base.sh
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

const (
	suite     = "bookworm"
	mirror    = "http://deb.debian.org/debian" // packages are signed, whatever way they come
	installed = "systemd,systemd-sysv,dbus,openssh-server,sudo,python3,make,curl,iproute2"

	// baseComponent marks the processes that make the base.
	baseComponent = "hosts-base"
	baseTimeout   = 20 * time.Minute
)

//go:embed base.sh
var baseScript string

// baseFolder is named by all that decides what the base is.
func baseFolder(dir state.Dir) string {
	sum := sha256.Sum256([]byte(mirror + installed + baseScript))
	return dir.Base(suite + "-" + hex.EncodeToString(sum[:4]))
}

// EnsureBase makes sure that the Debian is there which the machines are laid over, and
// tells what that took. Where the lab that has built the folder tools has one, it is
// linked from there.
func (f Fleet) EnsureBase(ctx context.Context, tools string) (outcome string, err error) {
	base := baseFolder(f.Dir)
	if _, err := os.Stat(base); err == nil {
		return "up to date", nil
	}
	// What an up that was cut off has left: it may still be at work.
	if err := f.processes().Stop(ctx, baseComponent); err != nil {
		return "", err
	}
	for _, name := range Names(f.Settings.Hosts) { // those that lie on another base boot again
		if err := f.end(ctx, name); err != nil {
			return "", err
		}
	}
	if err := os.RemoveAll(f.Dir.Base()); err != nil {
		return "", err
	}
	if err := os.MkdirAll(f.Dir.Base(), 0o755); err != nil {
		return "", err
	}
	other := baseFolder(state.Dir(filepath.Dir(tools)))
	if _, err := os.Stat(other); err == nil && tools != "" {
		return "linked from " + other, os.Symlink(other, base)
	}
	return "installed Debian " + suite, f.installBase(ctx, base)
}

// installBase installs beside the place, and moves what is whole there.
func (f Fleet) installBase(ctx context.Context, base string) error {
	tmp := f.Dir.Base(".new")
	for _, argv := range [][]string{
		{"debootstrap", "--variant=minbase", "--include=" + installed, suite, tmp, mirror},
		{"chroot", tmp, "/bin/sh", "-euc", baseScript},
	} {
		// Debootstrap mounts /proc and /sys: in this namespace they go with its processes.
		_, err := process.Command{
			Argv:    append([]string{"unshare", "--mount", "--"}, argv...),
			Env:     f.processes().Marked(baseComponent),
			Timeout: baseTimeout,
		}.Run(ctx)
		if err != nil {
			return fmt.Errorf("installing the Debian that hosts are made from: %w", err)
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	return os.Rename(tmp, base)
}
