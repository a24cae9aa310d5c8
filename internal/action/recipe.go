package action

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/skycap/skycap/internal/builder"
	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
)

// recipe is how one image of a service is built.
type recipe struct {
	service         string
	repository, tag string
	context         string // from the repository's root
	image           builder.Image
}

// NoImageError says that a service has no image that could be built; without a name, that no service has.
type NoImageError struct{ Service string }

func (e *NoImageError) Error() string {
	if e.Service == "" {
		return "no service has an image that could be built"
	}
	return fmt.Sprintf("service %q has no image that could be built", e.Service)
}

// NoDockerfileError says that a revision has no file to build an image by.
type NoDockerfileError struct {
	Service, Path string
	Revision      revision.Revision
}

func (e *NoDockerfileError) Error() string {
	return fmt.Sprintf("service %q: revision %s has no file %q", e.Service, e.Revision.Short(), e.Path)
}

// SharedImageError says that two services would build one image in two ways.
type SharedImageError struct{ One, Other, Repository string }

func (e *SharedImageError) Error() string {
	return fmt.Sprintf("services %q and %q have the image %q, and build it in two ways", e.One, e.Other, e.Repository)
}

// recipes are those of the services that were asked for, or of all that have an image.
func (b *Build) recipes(s *source) ([]*recipe, error) {
	if err := s.chooseAnywhere(b.Services); err != nil {
		return nil, err
	}
	tag, err := tagOf(s.project, s.revision)
	if err == nil {
		err = image.CheckTag(tag)
	}
	if err != nil {
		return nil, err
	}
	var all []*recipe
	var faults []error
	for _, service := range s.services {
		if len(service.Images) == 0 && len(b.Services) > 0 {
			faults = append(faults, &NoImageError{Service: service.Name})
		}
		for _, found := range recipesOf(service.Service, tag) {
			if other := sharing(all, found); other == nil {
				all = append(all, found)
			} else if !other.isLike(found) {
				faults = append(faults, &SharedImageError{One: other.service, Other: found.service, Repository: found.repository})
			}
		}
	}
	if len(all) == 0 && len(faults) == 0 {
		faults = append(faults, &NoImageError{})
	}
	return all, errors.Join(faults...)
}

// recipesOf are those of one service, sorted. Of several images each is the stage of
// the Dockerfile that has its name.
func recipesOf(service *settings.Service, tag string) []*recipe {
	build := settings.Build{Context: ".", Dockerfile: "Dockerfile"}
	if service.Build != nil {
		build = *service.Build
	}
	var all []*recipe
	for _, name := range slices.Sorted(maps.Keys(service.Images)) {
		made := &recipe{service: service.Name, repository: service.Images[name], tag: tag, context: path.Clean(build.Context)}
		made.image.Reference, made.image.Dockerfile = made.repository+":"+tag, path.Clean(build.Dockerfile)
		if len(service.Images) > 1 {
			made.image.Stage = name
		}
		all = append(all, made)
	}
	return all
}

// sharing is the recipe that there is already of an image.
func sharing(all []*recipe, with *recipe) *recipe {
	for _, r := range all {
		if r.repository == with.repository {
			return r
		}
	}
	return nil
}

func (r *recipe) isLike(other *recipe) bool {
	return r.context == other.context && r.image.Dockerfile == other.image.Dockerfile && r.image.Stage == other.image.Stage
}

// readContexts reads what images are built from.
func (o *Operator) readContexts(ctx context.Context, s *source, recipes []*recipe) error {
	var contexts []string
	for _, recipe := range recipes {
		contexts = append(contexts, recipe.context)
	}
	slices.Sort(contexts)
	tree, err := o.readAsIs(ctx, s, slices.Compact(contexts))
	if err != nil {
		return err
	}
	var faults []error
	for _, recipe := range recipes {
		recipe.image.Context, recipe.image.Time = tree.Under(recipe.context), s.revision.Date
		faults = append(faults, recipe.findDockerfile(ctx, s.repository, s.revision))
	}
	return errors.Join(faults...)
}

// findDockerfile makes sure that the context has its Dockerfile, which may be called
// Containerfile. Builders open it by themselves: what a link leads to takes its place.
func (r *recipe) findDockerfile(ctx context.Context, repository revision.Repository, at revision.Revision) error {
	name := r.image.Dockerfile
	if _, ok := r.image.Context[name]; !ok && path.Base(name) == "Dockerfile" {
		name = path.Join(path.Dir(name), "Containerfile")
	}
	file, ok := r.image.Context[name]
	if !ok {
		return &NoDockerfileError{Service: r.service, Path: path.Join(r.context, r.image.Dockerfile), Revision: at}
	}
	r.image.Dockerfile = name
	if file.Link == "" {
		return nil
	}
	inRepository := path.Join(r.context, name)
	followed, err := (&reader{repository: repository, revision: at}).read(ctx, []string{inRepository})
	if err != nil {
		return fmt.Errorf("service %q: %w", r.service, err)
	}
	if file, ok = followed[inRepository]; !ok {
		return &NoDockerfileError{Service: r.service, Path: inRepository, Revision: at}
	}
	r.image.Context[name] = file
	return nil
}
