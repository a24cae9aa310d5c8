package example

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/image"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// inputs are the paths that go into the image; the build sees nothing else. So a
// commit that touches none of them gives the very same image as its parent.
func inputs() []string { return []string{"web", "go.mod", "go.sum", "Dockerfile"} }

var fullHash = regexp.MustCompile(`^[0-9a-f]{40}$`)

// Builder builds the images of one repository, the lab's own or a clone of it.
type Builder struct {
	Dir        state.Dir
	Settings   state.Settings
	Repository string
}

// Built is an image in the registry.
type Built struct {
	Reference, Digest string
	How               string // what it took, for people
}

// Build makes sure that the changeset's image is in the registry: copied from the
// last changeset that gives the same one, where that has been built, else built.
func (b Builder) Build(ctx context.Context, node string) (Built, error) {
	if !fullHash.MatchString(node) {
		return Built{}, fmt.Errorf("changeset %q: must be a full hash, 40 hex digits", node)
	}
	stamp, err := b.stamp(ctx, node)
	if err != nil {
		return Built{}, err
	}
	built := Built{Reference: b.reference(node), How: "built"}
	same, err := image.Digest(ctx, b.reference(stamp))
	switch {
	case err != nil:
		return built, err
	case stamp != node && same != "":
		built.How = "same image as " + stamp[:12] + ", tagged"
		err = image.Copy(ctx, b.reference(stamp), node[:12])
	default:
		err = b.compileAndPush(ctx, node, stamp, &built)
	}
	if err != nil {
		return built, err
	}
	built.Digest, err = image.Digest(ctx, built.Reference)
	return built, err
}

// stamp is the last ancestor that touched an input. A merge counts as one: what it
// brings together was in none of its parents.
func (b Builder) stamp(ctx context.Context, node string) (string, error) {
	touching := "merge()"
	for _, path := range inputs() {
		touching += fmt.Sprintf(" or file('path:%s')", path)
	}
	revset := fmt.Sprintf("last(::%s and (%s))", node, touching)
	out, err := repository(b.Repository).hg(ctx, "log", "--rev="+revset, "--template={node}")
	if err == nil && out == "" {
		return node, nil
	}
	return out, err
}

func (b Builder) reference(node string) string {
	return fmt.Sprintf("%s/storefront/web:%s", b.Settings.Registry(), node[:12])
}

// compileAndPush works in a folder of its own, which is also the /run and /var of
// the image builder: builds don't meet, and nothing of them stays.
func (b Builder) compileAndPush(ctx context.Context, node, stamp string, built *Built) error {
	if err := os.MkdirAll(b.Dir.Path("build"), 0o700); err != nil {
		return err
	}
	folder, err := os.MkdirTemp(b.Dir.Path("build"), node[:12]+"-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // only a temporary folder
	sources, images := filepath.Join(folder, "sources"), filepath.Join(folder, "context")
	if err := b.archive(ctx, node, sources); err != nil {
		return err
	}
	_, err = process.Command{
		Argv: []string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-X main.revision=" + stamp[:12],
			"-o", filepath.Join(images, "web"), "./web"},
		Dir:     sources,
		Env:     append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOWORK=off", "GOFLAGS="),
		Timeout: 5 * time.Minute,
	}.Run(ctx)
	if err != nil {
		return err
	}
	if !canUseBuildah() {
		built.How = "built without buildah"
		return pushProgram(ctx, filepath.Join(images, "web"), built.Reference)
	}
	return b.buildah(ctx, folder, built.Reference)
}

// archive writes the inputs as they are in the changeset.
func (b Builder) archive(ctx context.Context, node, to string) error {
	args := []string{"archive", "--config=ui.archivemeta=false", "--rev=" + node, "--type=files"}
	for _, path := range inputs() {
		args = append(args, "--include=path:"+path)
	}
	_, err := repository(b.Repository).hg(ctx, append(args, to)...)
	return err
}
