package builder

import (
	"fmt"
	"path/filepath"

	"github.com/skycap/skycap/internal/run"
)

// buildah builds by itself, with no daemon.
type buildah struct{}

// Name is that of the program.
func (buildah) Name() string { return "buildah" }

func (buildah) ping() run.Command { return run.Command{} }

func (b buildah) label(reference, label string) run.Command {
	return run.Command{Name: b.Name(), Args: []string{
		"inspect", "--type=image", fmt.Sprintf("--format={{index .OCIv1.Config.Labels %q}}", label), "--", reference,
	}}
}

// context is a folder: of an archive on stdin buildah would take a Dockerfile of that
// name in the working directory first.
func (buildah) context(image Image) (buildContext, func(), error) { return unpack(image) }

// build keeps layers, as docker does.
func (b buildah) build(image Image, at buildContext, _ bool) run.Command {
	args := []string{
		"build", "--layers", "--timestamp=" + seconds(image.Time),
		"--file=" + filepath.Join(at.folder, filepath.FromSlash(image.Dockerfile)), "--tag=" + image.Reference,
	}
	args = append(args, labels("--label=", image)...)
	if image.Stage != "" {
		args = append(args, "--target="+image.Stage)
	}
	return run.Command{Name: b.Name(), Args: append(args, at.folder)}
}

func (b buildah) push(reference string) run.Command {
	args := []string{"push"}
	if isLocal(reference) {
		args = append(args, "--tls-verify=false")
	}
	return run.Command{Name: b.Name(), Args: append(args, "--", reference)}
}
