package action

import (
	"context"
	"errors"
	"fmt"

	"github.com/skycap/skycap/internal/builder"
	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/pkg/skycap"
)

// workshop makes the images of one revision.
type workshop struct {
	*Build
	source  *source
	builder *builder.Builder // found when it is needed first
	result  *skycap.Result
}

// makeAll makes what is missing, after all that can be checked before.
func (w *workshop) makeAll(ctx context.Context, recipes []*recipe) error {
	var missing []*recipe
	for _, recipe := range recipes {
		found, err := w.inRegistry(ctx, recipe)
		switch {
		case err != nil:
			return err
		case found.Digest != "":
			w.done(recipe, found.Digest, false, false)
		default:
			missing = append(missing, recipe)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := w.stock(ctx, missing); err != nil {
		return err
	}
	for _, recipe := range missing {
		if err := w.makeOne(ctx, recipe); err != nil {
			return w.failed(recipe, err)
		}
	}
	return nil
}

// inRegistry is the image that the registry has already, where it is to have it. Some
// registries deny access to what they don't have: the push will tell.
func (w *workshop) inRegistry(ctx context.Context, r *recipe) (image.Image, error) {
	if !w.Push {
		return image.Image{}, nil
	}
	found, err := w.Registry.Find(ctx, r.repository, r.tag)
	var none *image.NotFoundError
	var denied *image.DeniedError
	if errors.As(err, &none) || errors.As(err, &denied) {
		return image.Image{}, nil
	}
	if err == nil {
		err = image.Check(found, w.source.revision, demandsLabel(w.source.project))
	}
	return found, err
}

// stock gets what the images are made of, and who makes them.
func (w *workshop) stock(ctx context.Context, missing []*recipe) error {
	if err := w.readContexts(ctx, w.source, missing); err != nil {
		return err
	}
	from, err := w.source.repository.Source(ctx)
	if err != nil {
		return err
	}
	for _, recipe := range missing {
		recipe.image.Labels = map[string]string{image.RevisionLabel: w.source.revision.ID}
		if from != "" {
			recipe.image.Labels[image.SourceLabel] = from
		}
	}
	w.builder, err = w.Builder(ctx, w.Program)
	return err
}

// makeOne builds an image, unless this machine has it, and pushes it.
func (w *workshop) makeOne(ctx context.Context, r *recipe) error {
	reference := r.image.Reference
	here, err := w.builder.Has(ctx, reference, image.RevisionLabel, w.source.revision.ID)
	if err != nil {
		return err
	}
	if !here {
		w.Report.Phase("build", fmt.Sprintf("%s builds %s", w.builder.Name(), reference))
		if err := w.builder.Build(ctx, r.image, w.Push, w.Within, w.says(r)); err != nil {
			return err
		}
	}
	if !w.Push {
		if !w.builder.Keeps() {
			w.Report.Warning(w.builder.Name() + " keeps no images: without --push it only proves that they can be built")
		}
		w.done(r, "", !here, false)
		return nil
	}
	w.Report.Phase("push", "pushing "+reference)
	if err := w.builder.Push(ctx, reference, w.says(r)); err != nil {
		return err
	}
	digest, err := w.prove(ctx, r)
	w.done(r, digest, !here, true)
	return err
}

// says passes on what the builder says.
func (w *workshop) says(r *recipe) func(string) {
	return func(line string) {
		w.Report.Event(skycap.Event{Type: skycap.EventLog, Service: r.service, Message: line})
	}
}

// prove finds what was pushed, as a deploy will.
func (w *workshop) prove(ctx context.Context, r *recipe) (digest string, err error) {
	found, err := w.Registry.Find(ctx, r.repository, r.tag)
	var denied *image.DeniedError
	if errors.As(err, &denied) {
		w.Report.Warning(fmt.Sprintf("image %q was pushed, but can't be read with docker's credentials: %v", r.image.Reference, err))
		return "", nil
	}
	if err == nil {
		err = image.Check(found, w.source.revision, true)
	}
	return found.Digest, err
}

// done notes an image that is where it should be.
func (w *workshop) done(r *recipe, digest string, built, pushed bool) {
	w.result.Changed = w.result.Changed || pushed || built && !w.Push
	w.result.Images = append(w.result.Images, skycap.BuiltImage{
		Service: r.service, Repository: r.repository, Tag: r.tag, Digest: digest, Built: built, Pushed: pushed,
	})
	w.note(skycap.ServiceResult{Service: r.service, Target: skycap.TargetKubernetes, Result: skycap.ResultOK})
}

// failed notes why an image is not there.
func (w *workshop) failed(r *recipe, err error) error {
	noted := skycap.ServiceResult{Service: r.service, Target: skycap.TargetKubernetes, Result: skycap.ResultFailed}
	var failed *builder.FailedError
	if errors.As(err, &failed) {
		noted.Evidence = failed.Last
	}
	w.note(noted)
	return fmt.Errorf("service %q: %w", r.service, err)
}

// note notes how it went for a service: of several images the last one counts.
func (w *workshop) note(noted skycap.ServiceResult) {
	services := &w.result.Services
	for i := range *services {
		if (*services)[i].Service == noted.Service {
			(*services)[i] = noted
			return
		}
	}
	*services = append(*services, noted)
}
