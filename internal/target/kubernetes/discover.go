package kubernetes

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

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

// discover asks the server for the collection of a kind.
func (n *Namespace) discover(ctx context.Context, kind schema.GroupVersionKind) (collection, bool, error) {
	var list metav1.APIResourceList
	group := "apis/" + kind.GroupVersion().String()
	if err := n.proxy.Get(ctx, "/"+group, nil, &list); err != nil {
		return collection{}, false, err
	}
	for _, resource := range list.APIResources {
		if resource.Kind != kind.Kind || len(resource.Name) == 0 || !slices.Contains(resource.Verbs, "watch") {
			continue
		}
		path := "/" + group + "/" + resource.Name
		if resource.Namespaced {
			path = n.path(group, resource.Name)
		}
		return collection{path: path, query: n.selector(""), empty: &unstructured.Unstructured{}, optional: true}, true, nil
	}
	return collection{}, false, nil
}
