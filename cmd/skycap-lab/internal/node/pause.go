package node

import (
	"context"
	"os"
	"path/filepath"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/image"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// EnsurePause makes sure that the registry has the image which holds a pod's
// namespaces open, and returns its reference.
func EnsurePause(ctx context.Context, dir state.Dir, s state.Settings, source string) (reference string, err error) {
	reference = s.Registry() + "/skycap-lab/pause:1"
	digest, err := image.Digest(ctx, reference)
	if digest != "" || err != nil {
		return reference, err
	}
	tmp, err := os.MkdirTemp(string(dir), "pause-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // only a temporary folder
	program := filepath.Join(tmp, "pause")
	_, err = process.Command{
		Argv: []string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program, "./pause"},
		Dir:  filepath.Join(source, "cmd", "skycap-lab"),
		Env:  append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOWORK=off", "GOFLAGS="),
	}.Run(ctx)
	if err != nil {
		return "", err
	}
	pause, err := image.OfProgram(program, "/pause")
	if err != nil {
		return "", err
	}
	return reference, image.Push(ctx, reference, pause)
}
