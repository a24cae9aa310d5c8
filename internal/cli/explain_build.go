package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/builder"
	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/pkg/skycap"
)

// adviseOnBuild knows the errors of builders, and of what they build.
func (s *session) adviseOnBuild(err error) string {
	var (
		none       *builder.NoneError
		failed     *builder.FailedError
		dockerfile *action.NoDockerfileError
		late       *run.TimeoutError
	)
	switch {
	case errors.As(err, &none):
		return adviseOnNone(none)
	case errors.As(err, &failed) && failed.Push:
		return fmt.Sprintf("may you push there? to log in: %s login %s", failed.Builder, image.Host(failed.Reference))
	case errors.As(err, &failed):
		return "correct what the step needs, and commit it: an image is built from the revision, never from the working copy"
	case errors.As(err, &dockerfile):
		return "commit the file, or name the one that is there: services." + dockerfile.Service + ".build.dockerfile"
	case errors.As(err, &late) && slices.Contains(builder.Names(), late.Command.Name):
		return "to give it longer: " + s.again("--timeout", (2*late.After).String())
	}
	return ""
}

// adviseOnNone says how to get a builder.
func adviseOnNone(none *builder.NoneError) string {
	for _, tried := range none.Tried {
		if !none.Missing(tried.Name) {
			return fmt.Sprintf("start what %s needs, or install another: apt-get install buildah", tried.Name)
		}
	}
	return "to install one on Debian: apt-get install buildah; docker: https://docs.docker.com/engine/install/"
}

// imagesOf tells which images are where they should be.
func imagesOf(result skycap.Result) string {
	var references []string
	for _, done := range result.Images {
		references = append(references, quoted(done.Repository+":"+done.Tag))
	}
	return "done are " + strings.Join(references, ", ")
}
