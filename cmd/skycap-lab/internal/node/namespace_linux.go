package node

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/namespace"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Enter becomes the program argv, in a mount namespace where /run and /var are
// folders of the lab. A node's programs write to fixed places there (/var/lib/cni,
// /run/containerd, /var/log/containers …): this way several nodes can share a
// machine, none leaves anything in its /run and /var, and every mount goes when the
// last process of the namespace does.
func Enter(dir state.Dir, folder string, join bool, argv []string) error {
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	runtime.LockOSThread() // namespaces belong to a thread; this one becomes the program
	if join {
		err = joinNode(dir)
	} else {
		err = namespace.Open(string(dir), folder)
	}
	if err != nil {
		return fmt.Errorf("entering the node's mount namespace: %w", err)
	}
	return unix.Exec(program, argv, os.Environ())
}

// joinNode moves the thread into containerd's namespace.
func joinNode(dir state.Dir) error {
	table, err := process.Scan(string(dir))
	if err != nil {
		return err
	}
	p, ok := table.Daemon("containerd")
	if !ok {
		return errors.New("containerd does not run")
	}
	namespace, err := os.Open(filepath.Join("/proc", strconv.Itoa(p.PID), "ns", "mnt"))
	if err != nil {
		return err
	}
	defer namespace.Close() //nolint:errcheck // read only
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	return unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNS)
}
