// Package builder builds images by the program for it that this machine has, which
// keeps its own cache, settings and credentials.
package builder

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/run"
)

// pushTimeout bounds the push of one image.
const pushTimeout = 10 * time.Minute

// askTimeout bounds what a builder is asked that builds nothing.
const askTimeout = 10 * time.Second

// An Image is what is to be built.
type Image struct {
	Reference  string            // repository:tag
	Context    revision.Tree     // all that the Dockerfile may copy, and itself
	Dockerfile string            // its path in the context
	Stage      string            // of the Dockerfile; empty for the last
	Labels     map[string]string // of the image
	Time       time.Time         // of all that is in it, where the builder can: then equal builds give equal images
}

// A Builder is a program that builds images.
type Builder struct {
	kind
	runner run.Runner
}

// kind is what builders differ in: their command lines.
type kind interface {
	// Name is the program's.
	Name() string
	// ping succeeds where the program can work; without a name it always can.
	ping() run.Command
	// label prints a label of an image that is on this machine, and fails where that isn't.
	// It has no name where the builder keeps none.
	label(reference, label string) run.Command
	// build builds an image from its context in a folder and, where the builder can't do
	// that later, pushes it.
	build(image Image, folder string, push bool) run.Command
	// push pushes an image of this machine. It has no name where build has done so.
	push(reference string) run.Command
}

// Keeps tells whether this machine has what was built.
func (b *Builder) Keeps() bool { return b.label("", "").Name != "" }

// Has tells whether this machine has an image with a label of that value.
func (b *Builder) Has(ctx context.Context, reference, label, value string) (bool, error) {
	ask := b.label(reference, label)
	if ask.Name == "" {
		return false, nil
	}
	var out strings.Builder
	ask.Stdout, ask.Timeout = &out, askTimeout
	err := b.runner.Run(ctx, ask)
	var none *run.ExitError
	if errors.As(err, &none) {
		return false, nil
	}
	return strings.TrimSpace(out.String()) == value, err
}

// Build builds an image within a time, with a push at once where the builder knows no
// other way. Lines is told what the builder says. The error is a *FailedError where it
// says no.
func (b *Builder) Build(ctx context.Context, image Image, push bool, within time.Duration, lines func(string)) error {
	folder, remove, err := unpack(image)
	if err != nil {
		return err
	}
	defer remove()
	command := b.build(image, folder, push)
	command.Timeout = within
	return b.do(ctx, command, lines, FailedError{Builder: b.Name(), Reference: image.Reference})
}

// Push pushes an image that was built on this machine; its lines and its error are as
// those of Build.
func (b *Builder) Push(ctx context.Context, reference string, lines func(string)) error {
	command := b.push(reference)
	if command.Name == "" {
		return nil
	}
	command.Timeout = pushTimeout
	return b.do(ctx, command, lines, FailedError{Builder: b.Name(), Reference: reference, Push: true})
}

// do runs a command whose lines are told while they come.
func (b *Builder) do(ctx context.Context, command run.Command, lines func(string), failed FailedError) error {
	said := &transcript{line: lines}
	command.Stdout, command.Stderr = said, said
	err := b.runner.Run(ctx, command)
	said.end()
	var exit *run.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	failed.Code, failed.Step, failed.Last = exit.Code, said.step, said.last
	return &failed
}
