// Package ownership says who owns which field of an object: pure functions over
// what the cluster notes of it in metadata.managedFields.
package ownership

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Operator is the field manager by which people stop services, and start again what
// they had scaled: it scales, and does not deploy.
const Operator = "skycap-operate"

// masked stands for a value of a Secret.
const masked = "[masked]"

// Field is a field of a live object that somebody owns.
type Field struct {
	Path   string    // as in spec.template.spec.containers[name=web].image
	Owner  string    // the field manager, as in kubectl-edit
	Since  time.Time // when the owner last changed what it owns; zero where the cluster keeps no time, as of scaling
	Live   any       // its value; masked if it is of a Secret
	Wanted any       // the value it should have, where that is known; masked likewise

	// Leave needs the value itself, which Live may mask. It is behind a pointer
	// lest it be printed with the field.
	at   fieldpath.Path
	live *unstructured.Unstructured
}

// Conflicts are the fields that wanted sets to another value than live has and
// that others own: those for which the server refuses that manager applies
// wanted. A field of several owners is listed once for each.
func Conflicts(live, wanted *unstructured.Unstructured, manager string) []Field {
	if live == nil || wanted == nil {
		return nil
	}
	claims := claimsOn(live)
	leaves := union(claims).Leaves()
	var found []Field
	for _, claim := range claims {
		// To the server, what the same manager has updated is another's.
		if claim.subresource == "status" || claim.applied && claim.manager == manager {
			continue
		}
		for _, path := range claim.among(leaves) {
			found = append(found, contested(live, wanted, claim, path)...)
		}
	}
	return inOrder(found)
}

// contested is the field at a path, if live and wanted have different values there.
func contested(live, wanted *unstructured.Unstructured, claim claim, path fieldpath.Path) []Field {
	// Items of lists are there or not; it is their fields that have values.
	if path[len(path)-1].FieldName == nil {
		return nil
	}
	has, isThere := valueAt(live.Object, path)
	wants, isWanted := valueAt(wanted.Object, path)
	if !isThere || !isWanted || equal(has, wants) || empty(has) && !selector(path) {
		return nil
	}
	field := claim.field(live, path)
	field.Wanted = wants
	if secret(live, path) && wants != nil {
		field.Wanted = masked
	}
	return []Field{field}
}

// Leave sets those of these fields that wanted has to their live values, so that
// applying wanted changes none of them and conflicts with nobody.
func Leave(wanted *unstructured.Unstructured, fields []Field) {
	for _, field := range fields {
		if wanted == nil || field.live == nil {
			continue
		}
		if live, isThere := valueAt(field.live.Object, field.at); isThere {
			replace(wanted.Object, field.at, runtime.DeepCopyJSONValue(live))
		}
	}
}

func inOrder(fields []Field) []Field {
	slices.SortFunc(fields, func(a, b Field) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Owner, b.Owner), b.Since.Compare(a.Since))
	})
	// A manager may have several entries; the latest comes first.
	return slices.CompactFunc(fields, func(a, b Field) bool { return a.Path == b.Path && a.Owner == b.Owner })
}

// selector tells whether a path is of a selector, which is owned as a whole, also
// when it is empty. What else is empty has no fields yet that anybody could own.
func selector(path fieldpath.Path) bool {
	return strings.HasSuffix(strings.ToLower(*path[len(path)-1].FieldName), "selector")
}

// secret tells whether the value at a path is one to hide.
func secret(object *unstructured.Unstructured, path fieldpath.Path) bool {
	first := path[0].FieldName
	return object.GetKind() == "Secret" && first != nil && (*first == "data" || *first == "stringData")
}
