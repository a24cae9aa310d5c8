package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/pkg/skycap"
)

// Wanted is what was asked for on the command line.
type Wanted struct {
	Revision    string
	Environment string
	Services    []string      // all that the environment has when empty
	WaitImage   time.Duration // how long an image may still be on its way
}

// source is a revision as it is to be deployed: everything but the images.
type source struct {
	revision     revision.Revision
	project      *settings.Project // what to run from the revision, where from the operator
	revisionFile string            // hash of skycap.yaml at the revision; empty without one
	environment  *settings.Environment
	services     []settings.Placed
	files        revision.Tree
}

// Prepare makes the release that was asked for. It touches nothing.
func (o *Operator) Prepare(ctx context.Context, wanted Wanted) (*release.Release, error) {
	var made *release.Release
	err := o.from(ctx, wanted, func(repository revision.Repository, s *source) error {
		if err := s.choose(wanted); err != nil {
			return err
		}
		var images map[string]map[string]image.Image
		var faults [2]error // both in one go: neither ends the other
		work := errgroup.Group{}
		work.Go(func() error { images, faults[0] = o.findImages(ctx, s, wanted.WaitImage); return nil })
		work.Go(func() error { s.files, faults[1] = readFiles(ctx, repository, s); return nil })
		_ = work.Wait()
		if err := errors.Join(faults[:]...); err != nil {
			return err
		}
		built, err := o.build(s, images)
		made = built
		return err
	})
	return made, err
}

// from runs work with a revision and its skycap.yaml. An environment that the
// operator's doesn't know is refused before.
func (o *Operator) from(ctx context.Context, wanted Wanted, work func(revision.Repository, *source) error) error {
	if wanted.Environment != "" {
		if _, err := o.Project.Environment(wanted.Environment); err != nil {
			return err
		}
	}
	repository, err := o.Repository(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = repository.Close() }()
	found, err := repository.Resolve(ctx, wanted.Revision)
	if err != nil {
		return err
	}
	s := &source{revision: found, project: o.Project}
	files, err := revision.Read(ctx, repository, found, []string{settings.FileName})
	if err != nil {
		return err
	}
	if file, ok := files[settings.FileName]; ok {
		atRevision, err := settings.Parse(settings.FileName+"@"+found.Short(), file.Data)
		if err != nil {
			return err
		}
		s.project, s.revisionFile = o.Project.At(atRevision), atRevision.Hash
	} else {
		o.Report.Warning(fmt.Sprintf("revision %s has no %s: services are taken from %q", found.Short(), settings.FileName, o.Project.File))
	}
	return work(repository, s)
}

// choose picks the environment and the services that were asked for.
func (s *source) choose(wanted Wanted) (err error) {
	if s.environment, err = s.project.Environment(wanted.Environment); err != nil {
		return err
	}
	if s.services, err = s.project.ServicesIn(wanted.Environment, wanted.Services); err != nil {
		return err
	}
	var faults []error
	for _, service := range s.services {
		if service.Target != settings.TargetKubernetes {
			faults = append(faults, &UnsupportedError{Service: service.Name, What: "runs on hosts"})
		}
		if service.Secrets != nil {
			faults = append(faults, &UnsupportedError{Service: service.Name, What: "has secrets"})
		}
	}
	return errors.Join(faults...)
}

// layers are the folders of a service's configuration.
func (s *source) layers(service settings.Placed) ([]string, error) {
	if service.Config == nil {
		return nil, nil
	}
	var layers []string
	for _, from := range service.Config.From {
		layer, err := settings.Expand(from, settings.LayerFields{
			App: s.project.App, Service: service.Name, Environment: s.environment.Name,
		})
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	return layers, nil
}

// readFiles reads all that the services point at, in one go, and then what
// kustomizations point at outside of their folder.
func readFiles(ctx context.Context, repository revision.Repository, s *source) (revision.Tree, error) {
	var paths []string
	for _, service := range s.services {
		layers, err := s.layers(service)
		if err != nil {
			return nil, err
		}
		paths = append(append(paths, layers...), service.Kubernetes.Manifests)
	}
	if len(paths) == 0 {
		return revision.Tree{}, nil
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	for {
		files, err := revision.Read(ctx, repository, s.revision, paths)
		if err != nil {
			return nil, err
		}
		more := false
		for _, service := range s.services {
			for _, path := range manifest.Outside(files, service.Kubernetes.Manifests) {
				if !slices.Contains(paths, path) {
					paths, more = append(paths, path), true
				}
			}
		}
		if !more {
			return files, nil
		}
	}
}

// build renders the configuration and the objects of each service.
func (o *Operator) build(s *source, images map[string]map[string]image.Image) (*release.Release, error) {
	made := &release.Release{
		App: s.project.App, Environment: s.environment.Name, Kind: release.Deploy, Revision: s.revision,
		Time: o.Now(), Who: o.Who, Job: o.Job, RevisionFile: s.revisionFile, OperatorFile: o.Project.Hash,
	}
	var faults []error
	for _, service := range s.services {
		tree, err := o.renderConfig(s, service)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		built := manifest.Service{
			App: made.App, Name: service.Name, Environment: made.Environment,
			Namespace: s.environment.Kubernetes.Namespace, Files: s.files,
			Manifests: service.Kubernetes.Manifests, Allow: service.Kubernetes.Allow,
			Images: images[service.Name], Config: tree,
		}
		if service.Config != nil {
			built.Mount, built.Env = service.Config.Mount, service.Config.Env
		}
		objects, err := built.Build()
		faults = append(faults, err)
		made.Services = append(made.Services, release.Service{
			Name: service.Name, Target: skycap.TargetKubernetes, Images: images[service.Name], Config: tree.Hash,
			Objects: objects, After: service.After,
		})
	}
	faults = append(faults, checkShared(made))
	return made, errors.Join(faults...)
}

// checkShared refuses an object that two services define.
func checkShared(made *release.Release) error {
	first := map[string]string{}
	var faults []error
	for _, service := range made.Services {
		for _, object := range service.Objects {
			key := manifest.Key(object.Unstructured)
			if other, taken := first[key]; taken && other != service.Name {
				faults = append(faults, &manifest.Fault{Source: object.Source, Message: fmt.Sprintf(
					"%s is of service %q and of service %q", object, other, service.Name)})
			}
			first[key] = service.Name
		}
	}
	return errors.Join(faults...)
}

func (o *Operator) renderConfig(s *source, service settings.Placed) (config.Tree, error) {
	layers, err := s.layers(service)
	if err != nil {
		return config.Tree{}, err
	}
	tree, err := config.Render(s.files, layers, config.Fields{
		App: s.project.App, Service: service.Name, Environment: s.environment.Name,
		Revision: s.revision.ID, Values: s.environment.Values, Addr: s.address,
	})
	if err == nil {
		for _, layer := range tree.Empty {
			o.Report.Warning(fmt.Sprintf("service %q: config layer %q has no file at revision %s", service.Name, layer, s.revision.Short()))
		}
	}
	return tree, err
}

// address is where a service of the environment answers: the template function addr.
func (s *source) address(name string) (string, error) {
	placed, err := s.project.ServicesIn(s.environment.Name, []string{name})
	if err != nil {
		return "", err
	}
	return placed[0].Name + "." + s.environment.Kubernetes.Namespace + ".svc", nil
}
