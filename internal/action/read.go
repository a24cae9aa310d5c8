package action

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
)

// configLayers are the folders and files of a service's configuration.
func (s *source) configLayers(service settings.Placed) ([]string, error) {
	if service.Config == nil {
		return nil, nil
	}
	return s.layers(service, service.Config.From)
}

// secretLayers are the folders and files of a service's secrets.
func (s *source) secretLayers(service settings.Placed) ([]string, error) {
	if service.Secrets == nil {
		return nil, nil
	}
	return s.layers(service, service.Secrets.From)
}

// layers are paths in the repository, from templates of them.
func (s *source) layers(service settings.Placed, templates []string) ([]string, error) {
	var layers []string
	for _, from := range templates {
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

// read reads all that a release is made of; nothing where some of it is too large.
func (o *Operator) read(ctx context.Context, s *source) error {
	if err := s.readFiles(ctx); err != nil {
		return err
	}
	return o.readWhole(ctx, s)
}

// readFiles reads all that the services point at, in one go, and then what
// kustomizations point at outside of their folder.
func (s *source) readFiles(ctx context.Context) error {
	var paths, manifests []string
	reader := &reader{repository: s.repository, revision: s.revision}
	for _, service := range s.services {
		layers, err := s.configLayers(service)
		sealed, sealedErr := s.secretLayers(service)
		if err := errors.Join(err, sealedErr); err != nil {
			return err
		}
		paths = append(append(paths, layers...), sealed...)
		reader.bound(layers, sealed)
		if service.Target.Includes(settings.TargetKubernetes) {
			manifests = append(manifests, service.Kubernetes.Manifests)
		}
		if service.Target.Includes(settings.TargetHosts) && service.Hosts.UnitFile != "" {
			paths = append(paths, path.Clean(service.Hosts.UnitFile))
		}
	}
	paths = append(paths, manifests...)
	if s.files = (revision.Tree{}); len(paths) == 0 { // none would mean all
		return nil
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	for {
		files, err := reader.read(ctx, paths)
		if err != nil {
			return err
		}
		more := false
		for _, folder := range manifests {
			for _, path := range manifest.Outside(files, folder) {
				if !slices.Contains(paths, path) {
					paths, more = append(paths, path), true
				}
			}
		}
		if !more {
			s.files = files
			return nil
		}
	}
}

// readWhole reads all of the revision, where some service runs on hosts.
func (o *Operator) readWhole(ctx context.Context, s *source) (err error) {
	onHosts := func(service settings.Placed) bool { return service.Target.Includes(settings.TargetHosts) }
	if slices.ContainsFunc(s.services, onHosts) {
		s.whole, err = o.readAsIs(ctx, s, nil)
	}
	return err
}

// address is where a service of the environment answers, for the template function
// addr: in Kubernetes its name there, also when it runs on hosts as well.
func (s *source) address(name string) (string, error) {
	placed, err := s.project.ServicesIn(s.environment.Name, []string{name})
	if err != nil {
		return "", err
	}
	if placed[0].Target.Includes(settings.TargetKubernetes) {
		return name + "." + s.environment.Kubernetes.Namespace + ".svc", nil
	}
	addresses := s.environment.Hosts[name].Addresses
	if len(addresses) != 1 {
		return "", fmt.Errorf("service %q runs on %d hosts in environment %q: addr knows only where one answers", name, len(addresses), s.environment.Name)
	}
	return addresses[0], nil
}
