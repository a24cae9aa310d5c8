package kubernetes

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/pkg/skycap"
)

// collectRendered deletes ConfigMaps and Secrets of a service's former configuration
// and secrets, if no release that is kept has them, and nothing in the namespace
// refers to them.
func (n *Namespace) collectRendered(ctx context.Context, service string, kept []skycap.Release) error {
	var candidates []candidate
	for kind, path := range map[string]string{"ConfigMap": n.path("api/v1", "configmaps"), "Secret": n.secrets()} {
		found, err := n.unrecorded(ctx, kind, path, service, kept)
		if err != nil {
			return err
		}
		candidates = append(candidates, found...)
	}
	if len(candidates) == 0 {
		return nil
	}
	referred, err := n.referred(ctx)
	if err != nil {
		return err
	}
	for _, found := range candidates {
		if referred[found.kind+"/"+found.Name] {
			continue
		}
		if err := n.proxy.Delete(ctx, found.path, metav1.Preconditions{UID: &found.UID}); err != nil {
			return err
		}
	}
	return nil
}

// candidate is a ConfigMap or Secret that may not be needed any more.
type candidate struct {
	metav1.PartialObjectMetadata
	kind, path string
}

// unrecorded are those objects of a kind with a service's configuration or secrets
// that no release has.
func (n *Namespace) unrecorded(ctx context.Context, kind, path, service string, kept []skycap.Release) ([]candidate, error) {
	all, err := n.proxy.Metadata(ctx, path, n.selector(","+manifest.LabelService+"="+service))
	var found []candidate
	for _, one := range all {
		hash, ok := manifest.RenderedHash(kind, one.Name, n.App, service)
		isKept := slices.ContainsFunc(kept, func(r skycap.Release) bool {
			running, has := r.Running[service]
			return has && (kind == "ConfigMap" && running.Config == hash || kind == "Secret" && running.Secrets == hash)
		})
		if ok && !isKept {
			found = append(found, candidate{PartialObjectMetadata: one, kind: kind, path: path + "/" + one.Name})
		}
	}
	return found, err
}

// referrers are the collections of Kubernetes' own kinds whose objects can name a
// ConfigMap or a Secret. What custom kinds run has pods, which are among them. Images are
// pulled with what a ServiceAccount names, too.
func (n *Namespace) referrers() []string {
	return []string{
		n.path("api/v1", "pods"), n.path("api/v1", "replicationcontrollers"), n.path("apis/apps/v1", "replicasets"),
		n.path("apis/apps/v1", "deployments"), n.path("apis/apps/v1", "statefulsets"), n.path("apis/apps/v1", "daemonsets"),
		n.path("api/v1", "serviceaccounts"), n.path("apis/apps/v1", "controllerrevisions"), n.path("apis/batch/v1", "jobs"), n.path("apis/batch/v1", "cronjobs"),
	}
}

// referred are the ConfigMaps and Secrets that something in the namespace refers to,
// whoever made it, as kind/name.
func (n *Namespace) referred(ctx context.Context) (map[string]bool, error) {
	lists := make([]unstructured.UnstructuredList, len(n.referrers()))
	reads, ctx := errgroup.WithContext(ctx)
	for i, path := range n.referrers() {
		reads.Go(func() error { return n.proxy.Get(ctx, path, nil, &lists[i]) })
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	referred := map[string]bool{}
	for _, list := range lists {
		for _, item := range list.Items {
			collectReferences(item.Object, referred)
		}
	}
	return referred, nil
}

// references are the fields that refer to a ConfigMap or a Secret by its name.
func references() map[string]string {
	return map[string]string{
		"configMap": "ConfigMap", "configMapRef": "ConfigMap", "configMapKeyRef": "ConfigMap",
		"secret": "Secret", "secretRef": "Secret", "secretKeyRef": "Secret", "imagePullSecrets": "Secret",
	}
}

// collectReferences finds the names below such fields, wherever they are.
func collectReferences(value any, referred map[string]bool) {
	switch value := value.(type) {
	case map[string]any:
		for key, below := range value {
			if kind := references()[key]; kind != "" {
				addNames(kind, below, referred)
			}
			collectReferences(below, referred)
		}
	case []any:
		for _, below := range value {
			collectReferences(below, referred)
		}
	}
}

// addNames adds what a reference names, or each of a list of them. A volume of a Secret
// has its name under another key than all the rest.
func addNames(kind string, reference any, referred map[string]bool) {
	switch reference := reference.(type) {
	case map[string]any:
		for _, key := range []string{"name", "secretName"} {
			if name, ok := reference[key].(string); ok {
				referred[kind+"/"+name] = true
			}
		}
	case []any:
		for _, one := range reference {
			addNames(kind, one, referred)
		}
	}
}
