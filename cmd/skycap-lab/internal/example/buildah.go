package example

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/image"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
)

// canUseBuildah is false for users: it would need subordinate IDs, which not every
// machine gives them.
func canUseBuildah() bool {
	_, err := exec.LookPath("buildah")
	return err == nil && os.Geteuid() == 0
}

// buildah builds the Dockerfile in folder/context and pushes the result. Times and
// labels are fixed, so that the same program always gives the same digest.
func (b Builder) buildah(ctx context.Context, folder, reference string) error {
	dockerfile := filepath.Join(folder, "sources", "Dockerfile")
	if err := b.enter(ctx, folder, "bud", "--isolation=chroot", "--timestamp=0", "--identity-label=false",
		"--file="+dockerfile, "--tag="+reference, filepath.Join(folder, "context")); err != nil {
		return err
	}
	return b.enter(ctx, folder, "push", "--tls-verify=false", reference)
}

func (b Builder) enter(ctx context.Context, folder string, args ...string) error {
	within, err := filepath.Rel(string(b.Dir), folder)
	if err != nil {
		return err
	}
	argv := []string{b.Dir.Self(), "enter", "--state=" + string(b.Dir), "--folder=" + within, "--",
		"buildah", "--storage-driver=vfs"}
	_, err = process.Command{Argv: append(argv, args...)}.Run(ctx)
	return err
}

// pushProgram makes the image that the Dockerfile describes without a builder.
func pushProgram(ctx context.Context, program, reference string) error {
	web, err := image.OfProgram(program, "/web")
	if err != nil {
		return err
	}
	return image.Push(ctx, reference, web)
}
