package builder

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// docker builds by its daemon, which may be on another machine. Its client reads the
// context from a folder: of an archive on stdin it would not heed .dockerignore.
type docker struct{}

// Name is that of docker's client.
func (docker) Name() string { return "docker" }

// ping asks the daemon: the client may well be there without it.
func (d docker) ping() run.Command {
	return run.Command{Name: d.Name(), Args: []string{"version", "--format={{.Server.Version}}"}}
}

func (d docker) label(reference, label string) run.Command {
	return run.Command{Name: d.Name(), Args: []string{
		"image", "inspect", fmt.Sprintf("--format={{index .Config.Labels %q}}", label), "--", reference,
	}}
}

func (d docker) build(image Image, folder string, _ bool) run.Command {
	args := append([]string{"build", "--file=" + dockerfile(folder, image), "--tag=" + image.Reference}, labels("--label=", image)...)
	if image.Stage != "" {
		args = append(args, "--target="+image.Stage)
	}
	// BuildKit, where it is behind docker, takes it for the time of all that is in the image.
	return run.Command{Name: d.Name(), Args: append(args, folder), Env: []string{"SOURCE_DATE_EPOCH=" + seconds(image.Time)}}
}

func (d docker) push(reference string) run.Command {
	return run.Command{Name: d.Name(), Args: []string{"push", "--", reference}}
}

// dockerfile is where an image's Dockerfile lies in the folder of its context.
func dockerfile(folder string, image Image) string {
	return filepath.Join(folder, filepath.FromSlash(image.Dockerfile))
}

// labels are an image's labels as arguments, sorted.
func labels(flag string, image Image) []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(image.Labels)) {
		args = append(args, flag+name+"="+image.Labels[name])
	}
	return args
}

// seconds is a time as builders take it: in seconds since 1970.
func seconds(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
