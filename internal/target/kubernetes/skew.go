package kubernetes

import (
	"context"

	"k8s.io/apimachinery/pkg/version"

	"github.com/skycap/skycap/internal/kubectl"
)

// checkVersions warns, once, of a kubectl that is too old or too new for the server.
// What they really can't do together the dry run shows.
func (n *Namespace) checkVersions(ctx context.Context) error {
	if n.versionsChecked {
		return nil
	}
	client, err := n.kubectl.KnownVersion(ctx)
	if err != nil {
		return err
	}
	server, err := n.serverVersion(ctx)
	if err != nil {
		return err
	}
	if skew := kubectl.SkewOf(client, server); skew != "" {
		n.warn(skew + "; to install one that fits: " + kubectl.HowToInstall)
	}
	n.versionsChecked = true
	return nil
}

// serverVersion is the API server's, as in "v1.35.4".
func (n *Namespace) serverVersion(ctx context.Context) (string, error) {
	var server version.Info
	err := n.proxy.Get(ctx, "/version", nil, &server)
	return server.GitVersion, err
}
