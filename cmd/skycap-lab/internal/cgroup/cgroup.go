// Package cgroup keeps what the lab runs in containers and on hosts in cgroups of its
// own: their processes are found by them, whatever has become of those that started them.
package cgroup

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
)

// Group is a cgroup, by its path below the root of each hierarchy.
type Group string

// Create makes the cgroup in all hierarchies.
func (g Group) Create() error {
	mounts, err := hierarchies()
	if len(mounts) == 0 {
		return errors.Join(err, errors.New("containers and hosts need cgroups, and none are mounted on this machine"))
	}
	for _, mount := range mounts {
		if err := os.MkdirAll(filepath.Join(mount, string(g)), 0o755); err != nil {
			return fmt.Errorf("making a cgroup: %w", err)
		}
	}
	return err
}

// Enter creates the cgroup and moves this program into it, in all hierarchies.
func (g Group) Enter() error {
	if err := g.Create(); err != nil {
		return err
	}
	mounts, err := hierarchies()
	if err != nil {
		return err
	}
	for _, mount := range mounts {
		if err := inheritCPUs(mount, string(g)); err != nil {
			return err
		}
		procs := filepath.Join(mount, string(g), "cgroup.procs")
		if err := os.WriteFile(procs, []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
			return fmt.Errorf("entering a cgroup: %w", err)
		}
	}
	return nil
}

// inheritCPUs gives each cgroup on the way what its parent has: in version 1 a new
// one may use no CPU and no memory, and can't be entered.
func inheritCPUs(mount, group string) error {
	parent := mount
	for name := range strings.SplitSeq(group, "/") {
		child := filepath.Join(parent, name)
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(parent, file))
			if err != nil || strings.TrimSpace(string(value)) == "" {
				continue // another hierarchy, or version 2, where an empty one inherits by itself
			}
			if err := os.WriteFile(filepath.Join(child, file), value, 0o644); err != nil {
				return err
			}
		}
		parent = child
	}
	return nil
}

// Processes finds what runs in the cgroup and in those below it.
func (g Group) Processes() (process.Table, error) {
	paths, err := g.paths()
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

// Remove removes the cgroup and those below it, which must be empty.
func (g Group) Remove() error {
	paths, err := g.paths()
	for _, path := range paths {
		if gone := os.Remove(path); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// paths lists the cgroup and those below it in all hierarchies, the innermost first.
func (g Group) paths() ([]string, error) {
	mounts, err := hierarchies()
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, mount := range mounts {
		err := filepath.WalkDir(filepath.Join(mount, string(g)), func(path string, entry fs.DirEntry, err error) error {
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
