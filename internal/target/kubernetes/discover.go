package kubernetes

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
)

// customKind reports whether a kind is none of those that Kubernetes itself has:
// its groups have no dot, or end in .k8s.io. CustomResourceDefinitions count as
// custom, since they are waited for.
func customKind(kind schema.GroupVersionKind) bool {
	return manifest.IsCustom(kind) || kind.Kind == "CustomResourceDefinition"
}

// collectionsOf are all collections that say how services are: those of custom
// kinds too, where the services have any.
func (n *Namespace) collectionsOf(ctx context.Context, services []release.Service) ([]collection, error) {
	all := append(n.collections(), n.events())
	var kinds []schema.GroupVersionKind
	for _, service := range services {
		for _, object := range service.Objects {
			kind := object.GroupVersionKind()
			if customKind(kind) && !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	for _, kind := range kinds {
		found, ok, err := n.discover(ctx, kind)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, found)
		}
	}
	return all, nil
}

// discover asks the server for the collection of a kind. There may be none, or
// one that can't be watched.
func (n *Namespace) discover(ctx context.Context, kind schema.GroupVersionKind) (collection, bool, error) {
	resource, err := n.proxy.Resource(ctx, kind)
	if failedFor(err, kubectl.NoKind) {
		return collection{}, false, nil
	}
	if err != nil || !slices.Contains(resource.Verbs, "watch") {
		return collection{}, false, err
	}
	group := "apis/" + kind.GroupVersion().String()
	path := "/" + group + "/" + resource.Name
	if resource.Namespaced {
		path = n.path(group, resource.Name)
	}
	return collection{path: path, query: n.selector(""), empty: &unstructured.Unstructured{}, optional: true}, true, nil
}
