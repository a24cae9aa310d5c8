package hosts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/bridge"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/namespace"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Boot becomes the program argv, which boots the host, on ground that is clean: what a
// former one left running is ended, its end of the network is unplugged. The host's
// files are mounted in a namespace of its own, so no mount outlives its processes.
func Boot(ctx context.Context, dir state.Dir, name, port string, argv []string) error {
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	own := group(dir, name)
	if err := process.Kill(ctx, own.Processes); err != nil {
		return err
	}
	if err := bridge.Unplug(ctx, port); err != nil {
		return err
	}
	if err := own.Remove(); err != nil {
		return err
	}
	if err := own.Enter(); err != nil {
		return err
	}
	runtime.LockOSThread() // namespaces belong to a thread; this one becomes the program
	if err := namespace.Open(string(dir), dir.Host(name)); err != nil {
		return fmt.Errorf("opening the host's mount namespace: %w", err)
	}
	if err := mountRoot(dir, name); err != nil {
		return fmt.Errorf("mounting the files of %q: %w", name, err)
	}
	return unix.Exec(program, argv, os.Environ())
}

// mountRoot lays what the host has of its own over the base. The paths are relative,
// since commas and colons in the state folder's would be read as the kernel's.
func mountRoot(dir state.Dir, name string) error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	if err := unix.Chdir(string(dir)); err != nil {
		return err
	}
	within, err := filepath.Rel(string(dir), dir.Host(name))
	if err != nil {
		return err
	}
	base, err := filepath.Rel(string(dir), baseFolder(dir))
	if err != nil {
		return err
	}
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", base, within, within)
	return unix.Mount("overlay", filepath.Join(within, "root"), "overlay", 0, layers)
}
