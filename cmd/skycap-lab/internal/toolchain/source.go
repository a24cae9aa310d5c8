package toolchain

import (
	"fmt"
	"os"
	"path/filepath"
)

// FindSource returns the root of Skycap's sources: the flag's value, else where
// this program was built (ROOT/bin/skycap-lab), else the first folder upwards from
// the working directory that has them.
func FindSource(flag, executable, workDir string) (string, error) {
	candidates := []string{flag}
	if flag == "" {
		candidates = append([]string{filepath.Dir(filepath.Dir(executable))}, upwards(workDir)...)
	}
	for _, dir := range candidates {
		if isSource(dir) {
			return filepath.Abs(dir)
		}
	}
	return "", &NoSourceError{Dir: flag}
}

func upwards(dir string) []string {
	dirs := []string{dir}
	for filepath.Dir(dir) != dir {
		dir = filepath.Dir(dir)
		dirs = append(dirs, dir)
	}
	return dirs
}

func isSource(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "cmd", "skycap-lab", "toolchain"))
	return err == nil
}

// NoSourceError says that the lab's sources were not found.
type NoSourceError struct {
	Dir string // where they were said to be; empty when nobody said
}

func (e *NoSourceError) Error() string {
	if e.Dir != "" {
		return fmt.Sprintf("%q has no folder %q", e.Dir, "cmd/skycap-lab/toolchain")
	}
	return "Skycap's sources were found neither beside this program nor above the working directory"
}

// Hint tells how to name them.
func (e *NoSourceError) Hint() string { return "skycap-lab up --source PATH/TO/skycap" }
