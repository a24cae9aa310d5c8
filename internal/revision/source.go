package revision

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/go-git/go-git/v5"
)

// Source is where the default path leads, or nowhere.
func (m *mercurial) Source(ctx context.Context) (string, error) {
	out, err := m.server.run(ctx, "paths", "--", "default")
	var none *hgError
	if errors.As(err, &none) {
		return "", nil
	}
	return sourceOf(strings.TrimSpace(string(out))), err
}

// Source is where the remote origin leads, or nowhere.
func (g *gitRepository) Source(context.Context) (string, error) {
	origin, err := g.repository.Remote(git.DefaultRemoteName)
	if errors.Is(err, git.ErrRemoteNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return sourceOf(origin.Config().URLs[0]), nil
}

// sourceOf is an address as others may read it: without what lets people in, which CI
// systems write into it. A path of this machine tells others nothing.
func sourceOf(address string) string {
	if !strings.Contains(address, "://") {
		return scpOf(address)
	}
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme == "file" || parsed.Host == "" {
		return ""
	}
	letNobodyIn(parsed)
	parsed.RawQuery, parsed.Fragment = "", ""
	return parsed.String()
}

// scpOf is git's short form of an address, host:path; else nothing.
func scpOf(address string) string {
	host, path, ok := strings.Cut(address, ":")
	if !ok || path == "" || len(host) < 2 || strings.ContainsAny(host, `/\`) {
		return ""
	}
	return address
}
