package ownership

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// lastApplied is the annotation by which kubectl's client-side apply knows what it applied.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// TakeOver is the JSON patch that makes a manager's what client-side applies own of
// an object; nil for nothing. Without it, fields that nobody applies any more would
// stay forever. It is good for this version of the object only.
func TakeOver(object *unstructured.Unstructured, manager string) (patch []byte, err error) {
	owners := csaupgrade.FindFieldsOwners(object.GetManagedFields(), metav1.ManagedFieldsOperationUpdate,
		fieldpath.NewSet(fieldpath.MakePathOrDie("metadata", "annotations", lastApplied)))
	if len(owners) == 0 {
		return nil, nil
	}
	managers := sets.New[string]()
	for _, owner := range owners {
		managers.Insert(owner.Manager)
	}
	return csaupgrade.UpgradeManagedFieldsPatch(object, managers, manager)
}
