package noisy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// What kubectl throttles itself at: from 1.24 on, more than 300 requests at once wait for
// their turn, 50 a second, and it says so of one that waited for more than a second. It asks
// for each version of each group, so the last of these wait for more than 2 s.
const (
	unusedGroups = 200
	unusedDomain = ".example.com"
)

// Aggregated APIs that don't answer as they should.
const (
	down      = "metrics.k8s.io"
	forbidden = "custom.metrics.k8s.io"
)

// discovery answers as API servers before 1.26 did, which are asked for each version of
// a group, and passes all else on.
func discovery(server http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		group, version := groupVersion(r.URL.Path)
		switch {
		case r.URL.Path == "/api", r.URL.Path == "/apis":
			// New kubectl would rather have all resources with the list, and old kubectl protobuf.
			r.Header.Set("Accept", "application/json")
			r.Header.Del("Accept-Encoding") // else what comes back is compressed
			server.ServeHTTP(w, r)
		case group == down:
			http.Error(w, "service unavailable", http.StatusServiceUnavailable) // as the aggregator says it
		case group == forbidden:
			answer(w, http.StatusForbidden, denial(r.URL.Path))
		case strings.HasSuffix(group, unusedDomain):
			answer(w, http.StatusOK, resources(group, version))
		default:
			server.ServeHTTP(w, r)
		}
	}
}

// groupVersion is what a path below /apis is about; both are empty of all other paths.
func groupVersion(path string) (group, version string) {
	below, isGroup := strings.CutPrefix(path, "/apis/")
	if !isGroup {
		return "", ""
	}
	group, below, _ = strings.Cut(below, "/")
	version, _, _ = strings.Cut(below, "/")
	return group, version
}

// addGroups adds to the server's list of groups those that only the proxy has.
func addGroups(r *http.Response) error {
	if r.Request.URL.Path != "/apis" || r.StatusCode != http.StatusOK {
		return nil
	}
	var list map[string]any
	if err := json.NewDecoder(r.Body).Decode(&list); err != nil {
		return fmt.Errorf("the list of groups: %w", err)
	}
	found, _ := list["groups"].([]any)
	found = append(found, entry(down, "v1beta1"), entry(forbidden, "v1beta1"))
	for i := range unusedGroups {
		found = append(found, entry(fmt.Sprintf("team%d%s", i, unusedDomain), "v1", "v1beta1"))
	}
	list["groups"] = found
	content, err := json.Marshal(list)
	if err != nil {
		return err
	}
	r.Body.Close() //nolint:errcheck // it was read
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(content)), int64(len(content))
	r.Header.Set("Content-Length", strconv.Itoa(len(content)))
	return nil
}

// entry is a group in the list of groups; the first version is the preferred one.
func entry(group string, versions ...string) map[string]any {
	var all []any
	for _, version := range versions {
		all = append(all, map[string]any{"groupVersion": group + "/" + version, "version": version})
	}
	return map[string]any{"name": group, "versions": all, "preferredVersion": all[0]}
}

// resources is what a version of an unused group has: one kind, and no objects.
func resources(group, version string) map[string]any {
	return map[string]any{
		"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group + "/" + version,
		"resources": []any{map[string]any{
			"name": "widgets", "singularName": "widget", "namespaced": true, "kind": "Widget", "verbs": []string{"get", "list"},
		}},
	}
}

// denial is what an aggregated API answers that isn't told who asks.
func denial(path string) map[string]any {
	return map[string]any{
		"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": http.StatusForbidden,
		"message": fmt.Sprintf("forbidden: User %q cannot get path %q", "system:anonymous", path),
	}
}

func answer(w http.ResponseWriter, status int, document map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(document) //nolint:errcheck // the client has gone
}
