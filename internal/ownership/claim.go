package ownership

import (
	"bytes"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// claim is an entry of metadata.managedFields: the fields that a manager owns.
type claim struct {
	manager     string
	subresource string
	applied     bool // by server-side apply; otherwise by any other change
	since       time.Time
	fields      *fieldpath.Set
}

// claimsOn are those on an object. An entry that can't be read claims nothing.
func claimsOn(object *unstructured.Unstructured) []claim {
	var found []claim
	for _, entry := range object.GetManagedFields() {
		fields := fieldpath.NewSet()
		if entry.FieldsV1 == nil || fields.FromJSON(bytes.NewReader(entry.FieldsV1.Raw)) != nil {
			continue
		}
		read := claim{
			manager: entry.Manager, subresource: entry.Subresource, fields: fields,
			applied: entry.Operation == metav1.ManagedFieldsOperationApply,
		}
		if entry.Time != nil {
			read.since = entry.Time.Time
		}
		found = append(found, read)
	}
	return found
}

// union is what all claims have together. Its leaves are the fields to compare:
// where somebody owns a part of a map or list, the whole is no field of its own.
func union(claims []claim) *fieldpath.Set {
	all := fieldpath.NewSet()
	for _, claim := range claims {
		all = all.Union(claim.fields)
	}
	return all
}

// among are the claimed paths that are in a set.
func (c claim) among(set *fieldpath.Set) []fieldpath.Path {
	var paths []fieldpath.Path
	c.fields.Intersection(set).Iterate(func(path fieldpath.Path) { paths = append(paths, path.Copy()) })
	return paths
}

// field is the claimed field at a path, as live has it.
func (c claim) field(live *unstructured.Unstructured, path fieldpath.Path) Field {
	value, _ := valueAt(live.Object, path)
	if secret(live, path) {
		value = masked
	}
	return Field{Path: text(path), Owner: c.manager, Since: c.since, Live: value, at: path, live: live}
}

// deploys tells whether a manager is a program's way to bring whole objects.
// Server-side apply is not listed here: it has an operation of its own.
func deploys(manager string) bool {
	return slices.Contains([]string{"kubectl-client-side-apply", "kubectl-create", "helm", "before-first-apply"}, manager)
}

// controls tells whether a manager is a program that runs in the cluster.
func controls(manager string) bool {
	known := []string{"kube-apiserver", "kube-scheduler", "kubelet", "k3s", "kubelite", "flux", "argocd", "kwok"}
	suffixes := []string{"-controller", "-controller-manager", "-operator"}
	return slices.Contains(known, manager) ||
		slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(manager, suffix) }) ||
		strings.HasPrefix(manager, "argocd-") || strings.HasPrefix(manager, "flux-")
}
