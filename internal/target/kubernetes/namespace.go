// Package kubernetes is the kind of target that is a namespace of a cluster.
package kubernetes

import (
	"context"
	"fmt"
	"net/url"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
)

// Namespace is one app's part of a namespace. It implements target.Target.
type Namespace struct {
	App, Environment string

	kubectl kubectl.Client
	proxy   *kubectl.Proxy
	cluster string          // its UID, as it is pinned and was found; empty where none is
	proven  map[string]bool // the digests that a registry has shown to exist, now or for a former release
	applied time.Time       // when objects were applied, by the cluster's clock

	versionsChecked bool // whether kubectl's was compared with the server's
}

// Open reaches for a namespace through kubectl. Cluster, if it isn't empty, is
// the UID that the cluster's namespace kube-system must have.
func Open(ctx context.Context, client kubectl.Client, app, environment, cluster string) (*Namespace, error) {
	proxy, err := client.Proxy(ctx)
	if err != nil {
		return nil, err
	}
	namespace := &Namespace{App: app, Environment: environment, kubectl: client, proxy: proxy, cluster: cluster, proven: map[string]bool{}}
	if cluster != "" {
		err = namespace.checkCluster(ctx, cluster)
	}
	if err != nil {
		_ = proxy.Close()
		return nil, err
	}
	return namespace, nil
}

// Close ends the proxy.
func (n *Namespace) Close() error { return n.proxy.Close() }

// ClusterError says that a context leads to another cluster than the pinned one.
type ClusterError struct {
	Context, Want, Have string
}

func (e *ClusterError) Error() string {
	return fmt.Sprintf("context %q leads to cluster %q, not to %q as skycap.yaml pins it", e.Context, e.Have, e.Want)
}

func (n *Namespace) checkCluster(ctx context.Context, want string) error {
	var system metav1.PartialObjectMetadata
	if err := n.proxy.Get(ctx, "/api/v1/namespaces/kube-system", nil, &system); err != nil {
		return err
	}
	if string(system.UID) != want {
		return &ClusterError{Context: n.kubectl.Context, Want: want, Have: string(system.UID)}
	}
	return nil
}

// path is the API path of a resource in the namespace, as in "apis/apps/v1", "deployments".
func (n *Namespace) path(group, resource string) string {
	return "/" + group + "/namespaces/" + n.kubectl.Namespace + "/" + resource
}

func (n *Namespace) selector(more string) url.Values {
	labels := fmt.Sprintf("%s=%s,%s=%s", manifest.LabelApp, n.App, manifest.LabelEnvironment, n.Environment)
	return url.Values{"labelSelector": {labels + more}}
}
