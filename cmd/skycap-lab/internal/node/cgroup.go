package node

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// cgroupName is the lab's cgroup below the root of each hierarchy. All containers
// are in it, which is how their processes are found.
func cgroupName(dir state.Dir) string { return "skycap-lab-" + dir.ID() }

// hierarchies lists where cgroups are mounted: once on a machine with version 2,
// once for each controller with version 1, both on a hybrid.
func hierarchies() ([]string, error) {
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	var mounts []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) > 2 && (fields[2] == "cgroup" || fields[2] == "cgroup2") {
			mounts = append(mounts, fields[1])
		}
	}
	return mounts, lines.Err()
}

// createCgroups makes the lab's cgroup, which the kubelet expects to find.
func createCgroups(dir state.Dir) error {
	mounts, err := hierarchies()
	if len(mounts) == 0 {
		return errors.Join(err, errors.New("a real node needs cgroups, and none are mounted on this machine"))
	}
	for _, mount := range mounts {
		if err := os.MkdirAll(filepath.Join(mount, cgroupName(dir)), 0o755); err != nil {
			return fmt.Errorf("making a cgroup: %w", err)
		}
	}
	return err
}

// cgroups lists the lab's cgroups in all hierarchies, the innermost first.
func cgroups(dir state.Dir) ([]string, error) {
	mounts, err := hierarchies()
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, mount := range mounts {
		err := filepath.WalkDir(filepath.Join(mount, cgroupName(dir)), func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // it went while we looked, or was never there
			}
			if err == nil && entry.IsDir() {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Reverse(paths)
	return paths, nil
}

// contained finds the processes in the lab's cgroups.
func contained(dir state.Dir) (process.Table, error) {
	paths, err := cgroups(dir)
	if err != nil {
		return nil, err
	}
	seen := map[int]bool{}
	var table process.Table
	for _, path := range paths {
		data, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if err != nil {
			continue // it is gone, and so are its processes
		}
		for word := range strings.FieldsSeq(string(data)) {
			if pid, err := strconv.Atoi(word); err == nil && pid > 0 && !seen[pid] {
				seen[pid] = true
				table = append(table, process.Process{PID: pid})
			}
		}
	}
	return table, nil
}

// removeCgroups removes the lab's cgroups, which must be empty.
func removeCgroups(dir state.Dir) error {
	paths, err := cgroups(dir)
	for _, path := range paths {
		if gone := os.Remove(path); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
