// Package namespace opens mount namespaces, in which programs that write to fixed
// places write to the lab's folder instead.
package namespace

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Open gives the thread, which must be locked, a namespace with folder/run and folder/var in the
// places of /run and /var. The state folder is bound to its own path again in case
// it lies below one of them.
func Open(stateDir, folder string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	for _, name := range []string{"run/lock", "var/log", "var/tmp"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
			return err
		}
	}
	// First nothing more reaches the machine, then the node is as nodes are: shared.
	for _, propagation := range []uintptr{unix.MS_PRIVATE, unix.MS_SHARED} {
		if err := unix.Mount("", "/", "", unix.MS_REC|propagation, ""); err != nil {
			return err
		}
	}
	home, err := os.Open(stateDir)
	if err != nil {
		return err
	}
	defer home.Close() //nolint:errcheck // read only
	reachable := fmt.Sprintf("/proc/self/fd/%d", home.Fd())
	within, err := filepath.Rel(stateDir, folder)
	if err != nil {
		return err
	}
	for _, name := range []string{"run", "var"} {
		own := filepath.Join(reachable, within, name)
		if err := unix.Mount(own, "/"+name, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("binding %q to %q: %w", filepath.Join(folder, name), "/"+name, err)
		}
	}
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return err
	}
	return unix.Mount(reachable, stateDir, "", unix.MS_BIND, "")
}
