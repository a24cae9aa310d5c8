package action

import (
	"context"
	"errors"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/secret"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Plan finds out what a deploy would change. It touches nothing.
func (d *Deploy) Plan(ctx context.Context) (skycap.Plan, error) {
	plan := skycap.Plan{
		Schema: skycap.PlanSchema, App: d.Project.App, Environment: d.Environment, Changes: []skycap.ObjectChange{},
	}
	err := d.open(ctx, func(release *release.Release, place target.Target) error {
		plan.Revision = release.Revision.ID
		found, err := place.Plan(ctx, release, d.Options)
		plan.Changes, plan.Kept = append(plan.Changes, found.Changes...), found.Kept
		return err
	})
	return plan, err
}

// Resolve finds the revision of a name, and the images of services at it.
func (o *Operator) Resolve(ctx context.Context, wanted Wanted) (skycap.Resolution, error) {
	resolution := skycap.Resolution{Schema: skycap.ResolutionSchema, Images: []skycap.Image{}}
	err := o.from(ctx, wanted, func(s *source) error {
		found := s.revision
		resolution.Revision, resolution.Short = found.ID, found.Short()
		resolution.Author, resolution.Date, resolution.Summary = found.Author, found.Date, found.Summary
		if err := s.chooseAnywhere(wanted.Services); err != nil {
			return err
		}
		images, err := o.findImages(ctx, s, wanted.WaitImage, nil)
		for _, service := range s.services {
			for _, name := range slices.Sorted(maps.Keys(images[service.Name])) {
				resolution.Images = append(resolution.Images, imageOf(service.Name, images[service.Name][name]))
			}
		}
		return err
	})
	return resolution, err
}

func imageOf(service string, found image.Image) skycap.Image {
	return skycap.Image{Service: service, Repository: found.Repository, Tag: found.Tag, Digest: found.Digest}
}

// chooseAnywhere picks services wherever they run; with no names, all.
func (s *source) chooseAnywhere(names []string) error {
	known := slices.Sorted(maps.Keys(s.project.Services))
	if len(names) == 0 {
		names = known
	}
	var faults []error
	for _, name := range names {
		service, ok := s.project.Services[name]
		if !ok {
			faults = append(faults, &settings.UnknownError{Kind: "service", Name: name, Known: known, Nearest: settings.Nearest(name, known)})
			continue
		}
		s.services = append(s.services, settings.Placed{Service: service})
	}
	return errors.Join(faults...)
}

// RenderConfig renders the configuration of services, secrets masked, and asks neither the
// registry nor the target.
func (o *Operator) RenderConfig(ctx context.Context, wanted Wanted) (skycap.Config, error) {
	rendered := skycap.Config{
		Schema: skycap.ConfigSchema, App: o.Project.App, Environment: wanted.Environment, Services: []skycap.ServiceConfig{},
	}
	err := o.from(ctx, wanted, func(s *source) error {
		rendered.Revision = s.revision.ID
		if err := s.pick(wanted); err != nil {
			return err
		}
		services, err := o.renderAll(ctx, s)
		for _, service := range s.services {
			rendered.Services = append(rendered.Services, configOf(service.Name, services[service.Name]))
		}
		return err
	})
	return rendered, err
}

func configOf(service string, found rendered) skycap.ServiceConfig {
	kept := skycap.ServiceConfig{
		Service: service, Hash: found.config.Hash, Files: []skycap.ConfigFile{}, SecretsHash: found.secrets.Hash,
	}
	for _, path := range found.secrets.Files.Paths() {
		file := found.secrets.Files[path]
		kept.Secrets = append(kept.Secrets, skycap.SecretFile{
			Path: path, Executable: file.Executable, Masked: secret.Mask(path, file.Data, file.Data),
		})
	}
	for _, path := range found.config.Files.Paths() {
		file := found.config.Files[path]
		rendered := skycap.ConfigFile{Path: path, Executable: file.Executable}
		if utf8.Valid(file.Data) {
			rendered.Text = string(file.Data)
		} else {
			rendered.Content = file.Data
		}
		kept.Files = append(kept.Files, rendered)
	}
	return kept
}

// Manifests are the objects of a release, as they would be applied.
func (o *Operator) Manifests(ctx context.Context, wanted Wanted) ([]manifest.Object, error) {
	var objects []manifest.Object
	err := o.Prepare(ctx, wanted, func(made *release.Release) error {
		objects = made.Objects()
		return nil
	})
	return objects, err
}
