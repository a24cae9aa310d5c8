package action

import (
	"context"
	"errors"
	"fmt"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/secret"
	"github.com/skycap/skycap/internal/settings"
)

// rendered is what a service's instances find beside their program.
type rendered struct {
	config  config.Tree
	secrets config.Tree   // decrypted
	sealed  revision.Tree // the secrets as they are encrypted, by the same paths
}

// renderAll reads and renders the configuration and secrets of services, by their names.
func (o *Operator) renderAll(ctx context.Context, s *source) (map[string]rendered, error) {
	if err := s.readFiles(ctx); err != nil {
		return nil, err
	}
	services := map[string]rendered{}
	var faults []error
	for _, service := range s.services {
		found, err := o.render(ctx, s, service)
		services[service.Name] = found
		faults = append(faults, err)
	}
	return services, errors.Join(faults...)
}

// render renders the configuration of a service, and decrypts its secrets.
func (o *Operator) render(ctx context.Context, s *source, service settings.Placed) (rendered, error) {
	configuration, err := o.renderConfig(ctx, s, service)
	secrets, sealed, secretsErr := o.decrypt(ctx, s, service)
	return rendered{configuration, secrets, sealed}, errors.Join(err, secretsErr)
}

func (o *Operator) renderConfig(ctx context.Context, s *source, service settings.Placed) (config.Tree, error) {
	layers, err := s.configLayers(service)
	if err != nil {
		return config.Tree{}, err
	}
	tree, err := config.Render(ctx, s.files, layers, config.Fields{
		App: s.project.App, Service: service.Name, Environment: s.environment.Name,
		Revision: s.revision.ID, Values: s.environment.Values, Addr: s.address,
	})
	if err == nil {
		o.warnOfEmpty(s, service, "config", tree.Empty)
	}
	if service.Config != nil && service.Config.Env && service.Target.Includes(settings.TargetKubernetes) {
		_, envErr := tree.Variables()
		err = errors.Join(err, envErr)
	}
	return tree, err
}

func (o *Operator) decrypt(ctx context.Context, s *source, service settings.Placed) (opened config.Tree, encrypted revision.Tree, err error) {
	layers, err := s.secretLayers(service)
	if err != nil {
		return opened, nil, err
	}
	sealed, err := secret.Seal(s.files, layers)
	if err != nil {
		return opened, nil, err
	}
	o.warnOfEmpty(s, service, "secrets", sealed.Empty)
	opened, err = sealed.Open(ctx, o.Keys)
	return opened, sealed.Files, err
}

func (o *Operator) warnOfEmpty(s *source, service settings.Placed, what string, layers []string) {
	for _, layer := range layers {
		o.Report.Warning(fmt.Sprintf("service %q: %s layer %q has no file at revision %s", service.Name, what, layer, s.revision.Short()))
	}
}
