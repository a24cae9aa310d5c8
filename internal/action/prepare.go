package action

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	repository   revision.Repository // open as long as the source is used
	revision     revision.Revision
	project      *settings.Project // what to run from the revision, where from the operator
	revisionFile string            // hash of skycap.yaml at the revision; empty without one
	environment  *settings.Environment
	services     []settings.Placed
	files        revision.Tree // what the services point at, with links followed
	whole        revision.Tree // all of it, where some service runs on hosts
}

// Prepare makes the release that was asked for, and has work done with it while
// the repository is open: release folders are made from there. It touches nothing.
func (o *Operator) Prepare(ctx context.Context, wanted Wanted, work func(*release.Release) error) error {
	return o.from(ctx, wanted, func(s *source) error {
		if err := o.choose(s, wanted); err != nil {
			return err
		}
		o.warnOfDraft(ctx, s)
		made, err := o.assemble(ctx, s, wanted.WaitImage)
		if err != nil {
			return err
		}
		return work(made)
	})
}

// assemble makes a release while its images are looked for. Nobody waits for those before
// the rest is made: what is wrong there is told at once, and a passphrase can be asked for.
func (o *Operator) assemble(ctx context.Context, s *source, wait time.Duration) (*release.Release, error) {
	var made *release.Release
	var images map[string]map[string]image.Image
	var faults [2]error
	built := make(chan struct{})
	go func() {
		made, faults[1] = o.build(ctx, s)
		close(built)
	}()
	images, faults[0] = o.findImages(ctx, s, wait, func() bool { <-built; return faults[1] == nil })
	<-built
	if err := errors.Join(faults[:]...); err != nil {
		return nil, err
	}
	for i, service := range made.Services {
		if service.Target == skycap.TargetKubernetes {
			made.Services[i].Images = images[service.Name]
			manifest.Pin(service.Objects, images[service.Name])
		}
	}
	return made, nil
}

// from runs work with a revision and its skycap.yaml. An environment that the
// operator's doesn't know is refused before, and so is a revision that has other
// repositories in it.
func (o *Operator) from(ctx context.Context, wanted Wanted, work func(*source) error) error {
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
	s := &source{repository: repository, revision: found, project: o.Project}
	if found.Obsolete {
		o.Report.Warning(fmt.Sprintf("revision %s is obsolete: it %s", found.Short(), found.Fate()))
	}
	others := revision.SubrepositoryFile(repository.Kind())
	files, err := (&reader{repository: repository, revision: found}).read(ctx, []string{settings.FileName, others})
	if err != nil {
		return err
	}
	if err := revision.CheckSubrepositories(repository.Kind(), found, files[others]); err != nil {
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
	return work(s)
}

// ElsewhereError says that a revision has a service in a kind of target that the
// operator's skycap.yaml has none in: nobody has reached for it.
type ElsewhereError struct {
	Service, Environment string
	Target               skycap.Target
}

func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("service %q is for target %q in environment %q at that revision, and skycap.yaml here has no service there",
		e.Service, string(e.Target), e.Environment)
}

// pick picks the environment and the services that were asked for.
func (s *source) pick(wanted Wanted) (err error) {
	if s.environment, err = s.project.Environment(wanted.Environment); err == nil {
		s.services, err = s.project.ServicesIn(wanted.Environment, wanted.Services)
	}
	return err
}

// choose picks what was asked for, and refuses what nobody reaches for.
func (o *Operator) choose(s *source, wanted Wanted) error {
	if err := s.pick(wanted); err != nil {
		return err
	}
	here := map[skycap.Target]bool{}
	for _, service := range o.Project.PlacedIn(o.Project.Environments[wanted.Environment]) {
		for _, kind := range targetsOf(service) {
			here[kind] = true
		}
	}
	var faults []error
	for _, service := range s.services {
		for _, kind := range targetsOf(service) {
			if !here[kind] {
				faults = append(faults, &ElsewhereError{Service: service.Name, Environment: wanted.Environment, Target: kind})
			}
		}
	}
	return errors.Join(faults...)
}

// build reads what the release is made of, and renders the configuration and the objects
// of each service.
func (o *Operator) build(ctx context.Context, s *source) (*release.Release, error) {
	if err := o.read(ctx, s); err != nil {
		return nil, err
	}
	made := &release.Release{
		App: s.project.App, Environment: s.environment.Name, Kind: release.Deploy, Revision: s.revision,
		Time: o.Now(), Who: o.Who, Job: o.Job, RevisionFile: s.revisionFile, OperatorFile: o.Project.Hash,
	}
	var faults []error
	for _, service := range s.services {
		rendered, err := o.render(ctx, s, service)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		for _, kind := range targetsOf(service) {
			placed := release.Service{Name: service.Name, Target: kind, Config: rendered.config.Hash, Secrets: rendered.secrets.Hash, After: service.After}
			if kind == skycap.TargetHosts {
				placed.Folder, err = s.folder(service, rendered)
			} else {
				placed.Objects, err = s.objects(service, rendered)
			}
			faults = append(faults, err)
			made.Services = append(made.Services, placed)
		}
	}
	faults = append(faults, checkShared(made))
	return made, errors.Join(faults...)
}

// objects are those of a service in Kubernetes.
func (s *source) objects(service settings.Placed, rendered rendered) ([]manifest.Object, error) {
	built := manifest.Service{
		App: s.project.App, Name: service.Name, Environment: s.environment.Name,
		Namespace: s.environment.Kubernetes.Namespace, Files: s.files,
		Manifests: service.Kubernetes.Manifests, Allow: service.Kubernetes.Allow,
		Repositories: imagesOf(service), Config: rendered.config, Secrets: rendered.secrets,
	}
	for _, placed := range s.project.PlacedIn(s.environment) {
		inKubernetes := placed.Target.Includes(settings.TargetKubernetes)
		if inKubernetes && placed.Config != nil {
			built.WithConfig = append(built.WithConfig, placed.Name)
		}
		if inKubernetes && placed.Secrets != nil {
			built.WithSecrets = append(built.WithSecrets, placed.Name)
		}
	}
	if service.Config != nil {
		built.Mount, built.Env = service.Config.Mount, service.Config.Env
	}
	if service.Secrets != nil {
		built.SecretsMount = service.Secrets.Mount
	}
	return built.Build()
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
