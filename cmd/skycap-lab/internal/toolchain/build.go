package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
)

// buildTimeout is generous: a cold build takes some minutes on two idle cores.
const buildTimeout = time.Hour

// compilerMemory lets each compiler use this much before it collects garbage,
// which otherwise takes a quarter of a cold build.
const compilerMemory = "2GiB"

// Ensure makes sure that the programs are in bin, and says what that took. Where
// the folder ready has them all, they are linked from there instead of built.
func (t Toolchain) Ensure(ctx context.Context, source, bin, ready string) (outcome string, err error) {
	if ready != "" && t.isIn(ready) {
		return "linked from " + ready, t.link(ready, bin)
	}
	sum, err := t.sum(source)
	if err != nil {
		return "", err
	}
	if built, err := t.isBuilt(bin, sum); built || err != nil {
		return "up to date", err
	}
	version, err := t.build(ctx, source, bin)
	if err != nil {
		return "", err
	}
	return "built " + version, os.WriteFile(t.stamp(bin), []byte(sum), 0o600)
}

// build compiles into a folder beside bin and moves the finished programs over, so
// that a kill leaves no half of a program and a running one is not written to.
func (t Toolchain) build(ctx context.Context, source, bin string) (version string, err error) {
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(bin), "build-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // only a temporary folder
	out, err := t.run(ctx, source, "go", "list", "-m", "-f", "{{.Version}}", t.Module)
	if err != nil {
		return "", err
	}
	version = strings.TrimSpace(string(out))
	stamp := fmt.Sprintf("-s -w -X %s=%s", t.Variable, version)
	if _, err := t.run(ctx, source, "go", "build", "-trimpath", "-ldflags", stamp, "-o", tmp+"/", "tool"); err != nil {
		return "", err
	}
	for from, to := range t.Programs {
		err = errors.Join(err, os.Rename(filepath.Join(tmp, from), filepath.Join(bin, to)))
	}
	return version, err
}

func (t Toolchain) run(ctx context.Context, source string, argv ...string) ([]byte, error) {
	return process.Command{
		Argv:    argv,
		Dir:     t.dir(source),
		Env:     append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOGC=off", "GOMEMLIMIT="+compilerMemory),
		Timeout: buildTimeout,
	}.Run(ctx)
}

// link makes bin's programs links to those in another folder.
func (t Toolchain) link(from, bin string) error {
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	for _, program := range t.Programs {
		target, link := filepath.Join(from, program), filepath.Join(bin, program)
		if now, err := os.Readlink(link); err == nil && now == target {
			continue
		}
		if err := os.RemoveAll(link); err != nil {
			return err
		}
		if err := os.Symlink(target, link); err != nil {
			return err
		}
	}
	return nil
}
