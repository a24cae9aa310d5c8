package kubectl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// resources are the kinds that the server has, by group and version, as far as
// they were asked for. A kind that isn't there may come: it is asked for again.
type resources struct {
	mutex sync.Mutex
	known map[schema.GroupVersion][]metav1.APIResource
}

// find is what a kind is served as, as far as that was asked for.
func (r *resources) find(kind schema.GroupVersionKind) (metav1.APIResource, bool) {
	for _, resource := range r.known[kind.GroupVersion()] {
		if resource.Kind == kind.Kind && !strings.Contains(resource.Name, "/") {
			return resource, true
		}
	}
	return metav1.APIResource{}, false
}

// Resource is what the server serves a kind as. Where it doesn't know the kind
// the error is NoKind, and APIDown where the server of that API is away.
func (p *Proxy) Resource(ctx context.Context, kind schema.GroupVersionKind) (metav1.APIResource, error) {
	p.resources.mutex.Lock()
	defer p.resources.mutex.Unlock()
	if found, ok := p.resources.find(kind); ok {
		return found, nil
	}
	if err := p.askResources(ctx, kind.GroupVersion()); err != nil {
		return metav1.APIResource{}, err
	}
	if found, ok := p.resources.find(kind); ok {
		return found, nil
	}
	return metav1.APIResource{}, p.failure(request{method: http.MethodGet, path: apiPath(kind.GroupVersion())}, NoKind,
		fmt.Sprintf("no matches for kind %q in version %q", kind.Kind, kind.GroupVersion()))
}

// askResources asks the server for the kinds of a version. One that isn't there has none.
func (p *Proxy) askResources(ctx context.Context, version schema.GroupVersion) error {
	var list metav1.APIResourceList
	err := p.Get(ctx, apiPath(version), nil, &list)
	var failure *Error
	switch {
	case errors.As(err, &failure) && failure.Reason == NotFound:
		err = nil
	case errors.As(err, &failure) && failure.Reason == Unavailable:
		failure.Reason, failure.API = APIDown, version.String()
		failure.Text = fmt.Sprintf("API %q is down: %s", version, failure.Text)
	}
	if p.resources.known == nil {
		p.resources.known = map[schema.GroupVersion][]metav1.APIResource{}
	}
	p.resources.known[version] = list.APIResources
	return err
}

func apiPath(version schema.GroupVersion) string {
	if version.Group == "" {
		return "/api/" + version.Version
	}
	return "/apis/" + version.String()
}

// pathOf is where an object is in the API. One that says no namespace is in the client's.
func (p *Proxy) pathOf(ctx context.Context, object *unstructured.Unstructured) (string, error) {
	resource, err := p.Resource(ctx, object.GroupVersionKind())
	if err != nil {
		return "", err
	}
	path := apiPath(object.GroupVersionKind().GroupVersion())
	if resource.Namespaced {
		path += "/namespaces/" + p.kubectl.Namespace
	}
	return path + "/" + resource.Name + "/" + object.GetName(), nil
}
