package action

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/pkg/skycap"
)

// Plan finds out what a deploy would change. It touches nothing.
func (d *Deploy) Plan(ctx context.Context) (skycap.Plan, error) {
	plan := skycap.Plan{
		Schema: skycap.PlanSchema, App: d.Project.App, Environment: d.Environment, Changes: []skycap.ObjectChange{},
	}
	release, place, err := d.open(ctx)
	if err != nil {
		return plan, err
	}
	plan.Revision = release.Revision.ID
	found, err := place.Plan(ctx, release)
	plan.Changes = append(plan.Changes, found.Changes...)
	return plan, errors.Join(err, place.Close())
}

// Resolve finds the revision of a name, and the images of services at it.
func (o *Operator) Resolve(ctx context.Context, wanted Wanted) (skycap.Resolution, error) {
	resolution := skycap.Resolution{Schema: skycap.ResolutionSchema, Images: []skycap.Image{}}
	repository, err := o.Repository(ctx)
	if err != nil {
		return resolution, err
	}
	defer func() { _ = repository.Close() }()
	found, err := repository.Resolve(ctx, wanted.Revision)
	if err != nil {
		return resolution, err
	}
	resolution.Revision, resolution.Short = found.ID, found.Short()
	resolution.Author, resolution.Date, resolution.Summary = found.Author, found.Date, found.Summary
	source, err := o.servicesAt(ctx, repository, found, wanted.Services)
	if err != nil {
		return resolution, err
	}
	images, err := o.findImages(ctx, source, wanted.WaitImage)
	for _, service := range source.services {
		for _, name := range slices.Sorted(maps.Keys(images[service.Name])) {
			resolution.Images = append(resolution.Images, imageOf(service.Name, images[service.Name][name]))
		}
	}
	return resolution, err
}

func imageOf(service string, found image.Image) skycap.Image {
	return skycap.Image{Service: service, Repository: found.Repository, Tag: found.Tag, Digest: found.Digest}
}

// servicesAt are the services that skycap.yaml has at a revision, wherever they run.
func (o *Operator) servicesAt(ctx context.Context, repository revision.Repository, found revision.Revision, names []string) (*source, error) {
	s := &source{revision: found, project: o.Project}
	files, err := revision.Read(ctx, repository, found, []string{settings.FileName})
	if err != nil {
		return nil, err
	}
	if file, ok := files[settings.FileName]; ok {
		atRevision, err := settings.Parse(settings.FileName+"@"+found.Short(), file.Data)
		if err != nil {
			return nil, err
		}
		s.project = o.Project.At(atRevision)
	}
	for _, name := range slices.Sorted(maps.Keys(s.project.Services)) {
		if len(names) == 0 || slices.Contains(names, name) {
			s.services = append(s.services, settings.Placed{Service: s.project.Services[name]})
		}
	}
	for _, name := range names {
		if _, ok := s.project.Services[name]; !ok {
			known := slices.Sorted(maps.Keys(s.project.Services))
			return nil, &settings.UnknownError{Kind: "service", Name: name, Known: known, Nearest: settings.Nearest(name, known)}
		}
	}
	return s, nil
}

// RenderConfig renders the configuration of services, and asks neither the
// registry nor the target.
func (o *Operator) RenderConfig(ctx context.Context, wanted Wanted) (skycap.Config, error) {
	rendered := skycap.Config{
		Schema: skycap.ConfigSchema, App: o.Project.App, Environment: wanted.Environment, Services: []skycap.ServiceConfig{},
	}
	if err := o.check(wanted); err != nil {
		return rendered, err
	}
	repository, err := o.Repository(ctx)
	if err != nil {
		return rendered, err
	}
	defer func() { _ = repository.Close() }()
	source, err := o.open(ctx, repository, wanted)
	if err != nil {
		return rendered, err
	}
	rendered.Revision = source.revision.ID
	if source.files, err = readFiles(ctx, repository, source); err != nil {
		return rendered, err
	}
	for _, service := range source.services {
		tree, err := o.renderConfig(source, service)
		if err != nil {
			return rendered, err
		}
		kept := skycap.ServiceConfig{Service: service.Name, Hash: release.Service{Config: tree}.ConfigHash(), Files: []skycap.ConfigFile{}}
		for _, path := range tree.Files.Paths() {
			file := tree.Files[path]
			kept.Files = append(kept.Files, skycap.ConfigFile{Path: path, Executable: file.Executable, Content: file.Data})
		}
		rendered.Services = append(rendered.Services, kept)
	}
	return rendered, nil
}

// Manifests are the objects of a release, as they would be applied.
func (o *Operator) Manifests(ctx context.Context, wanted Wanted) ([]manifest.Object, error) {
	made, err := o.Prepare(ctx, wanted)
	if err != nil {
		return nil, err
	}
	return made.Objects(), nil
}
