package kubernetes

import (
	"context"

	"github.com/skycap/skycap/internal/release"
)

// prove keeps which digests a registry has shown to exist: all that releases have. A
// rollback asks no registry, but the deploy that it puts back has.
func (n *Namespace) prove(services []release.Service) {
	for _, service := range services {
		for _, digest := range service.Digests() {
			n.proven[digest] = true
		}
	}
}

// proveNamed does the same for services that are known by their names alone, as those
// that are restarted: by all of their recorded releases.
func (n *Namespace) proveNamed(ctx context.Context, services []release.Service) error {
	releases, err := n.Releases(ctx)
	for _, recorded := range releases {
		for _, service := range services {
			for _, digest := range recorded.Running[service.Name].Digests {
				n.proven[digest] = true
			}
		}
	}
	return err
}

// isNamed reports whether nothing but its name is known of a service.
func isNamed(service release.Service) bool { return service.Objects == nil && service.Images == nil }
