package builder

import (
	"fmt"

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

// build keeps layers, as docker does.
func (b buildah) build(image Image, folder string, _ bool) run.Command {
	args := []string{
		"build", "--layers", "--timestamp=" + seconds(image.Time),
		"--file=" + dockerfile(folder, image), "--tag=" + image.Reference,
	}
	args = append(args, labels("--label=", image)...)
	if image.Stage != "" {
		args = append(args, "--target="+image.Stage)
	}
	return run.Command{Name: b.Name(), Args: append(args, folder)}
}

func (b buildah) push(reference string) run.Command {
	args := []string{"push"}
	if isLocal(reference) {
		args = append(args, "--tls-verify=false")
	}
	return run.Command{Name: b.Name(), Args: append(args, "--", reference)}
}
