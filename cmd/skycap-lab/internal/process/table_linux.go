package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Scan finds the processes of the lab whose state folder is stateDir.
func Scan(stateDir string) (Table, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var table Table
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if p, ok := read(pid, stateDir); ok {
			table = append(table, p)
		}
	}
	return table, nil
}

// read looks at one process. One that ended, or that belongs to somebody else,
// can't be read and isn't the lab's.
func read(pid int, stateDir string) (Process, bool) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	environ, err := os.ReadFile(filepath.Join(dir, "environ"))
	if err != nil {
		return Process{}, false
	}
	component, ok := marked(fields(environ), stateDir)
	if !ok {
		return Process{}, false
	}
	argv, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil {
		return Process{}, false
	}
	session, _ := unix.Getsid(pid)                       // 0 where it just ended: no leader
	program, _ := os.Readlink(filepath.Join(dir, "exe")) // likewise
	return Process{
		PID:       pid,
		Component: component,
		Leader:    session == pid,
		Replaced:  strings.HasSuffix(program, " (deleted)"),
		Argv:      fields(argv),
	}, true
}

// fields splits what the kernel ends with NULs.
func fields(data []byte) []string {
	var out []string
	for field := range bytes.SplitSeq(bytes.TrimSuffix(data, []byte{0}), []byte{0}) {
		out = append(out, string(field))
	}
	return out
}
