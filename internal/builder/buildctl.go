package builder

import (
	"path"
	"path/filepath"

	"github.com/skycap/skycap/internal/run"
)

// buildctl builds by BuildKit's own daemon, which keeps a cache and no images: what it
// builds is pushed at once or not at all.
type buildctl struct{}

// Name is that of BuildKit's client.
func (buildctl) Name() string { return "buildctl" }

func (b buildctl) ping() run.Command {
	return run.Command{Name: b.Name(), Args: []string{"debug", "workers"}}
}

func (buildctl) label(string, string) run.Command { return run.Command{} }

func (b buildctl) build(image Image, folder string, push bool) run.Command {
	args := []string{
		"build", "--progress=plain", "--frontend=dockerfile.v0",
		"--local=context=" + folder, "--local=dockerfile=" + filepath.Dir(dockerfile(folder, image)),
		"--opt=filename=" + path.Base(image.Dockerfile),
		"--opt=build-arg:SOURCE_DATE_EPOCH=" + seconds(image.Time),
	}
	args = append(args, labels("--opt=label:", image)...)
	if image.Stage != "" {
		args = append(args, "--opt=target="+image.Stage)
	}
	output := "--output=type=image,name=" + image.Reference
	if push {
		output += ",push=true"
	}
	if push && isLocal(image.Reference) {
		output += ",registry.insecure=true"
	}
	return run.Command{Name: b.Name(), Args: append(args, output)}
}

func (buildctl) push(string) run.Command { return run.Command{} }
