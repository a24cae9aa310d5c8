package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// AllowClusterScoped is what a service's allow list says to let it have objects without a namespace.
const AllowClusterScoped = "cluster-scoped"

// clusterScoped is the kinds of Kubernetes' own API that have no namespace.
// Others are found out when the server is asked, before anything is changed.
// Source: kubectl api-resources --namespaced=false, Kubernetes 1.35.
func clusterScoped(kind string) bool {
	return slices.Contains([]string{
		"APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding",
		"CustomResourceDefinition", "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node",
		"PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass",
		"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment",
	}, kind)
}

// check refuses objects that lack a name, or that lie outside of the service's own namespace.
func (s Service) check(objects []Object) error {
	var faults []error
	sources := map[string]string{}
	for _, object := range objects {
		for _, message := range s.faultsOf(object) {
			faults = append(faults, &Fault{Source: object.Source, Message: message})
		}
		key := Key(object.Unstructured)
		if first, taken := sources[key]; taken && object.GetName() != "" {
			faults = append(faults, &Fault{Source: object.Source, Message: fmt.Sprintf("%s is already defined at %s", object, first)})
		}
		sources[key] = object.Source
	}
	return errors.Join(faults...)
}

const noKind = "is no Kubernetes object: it needs apiVersion and kind"

func (o Object) checkKind() error {
	if o.GetAPIVersion() == "" || o.GetKind() == "" {
		return &Fault{Source: o.Source, Message: noKind}
	}
	return nil
}

func (s Service) faultsOf(object Object) []string {
	var faults []string
	if object.checkKind() != nil {
		return append(faults, noKind)
	}
	for _, field := range []string{"labels", "annotations"} { // of one that is no text, the server would say so, and we would lose all
		if _, _, err := unstructured.NestedStringMap(object.Object, "metadata", field); err != nil {
			faults = append(faults, fmt.Sprintf("metadata.%s of %s must be texts: put numbers and booleans in quotes", field, object))
		}
	}
	if object.GetName() == "" {
		faults = append(faults, fmt.Sprintf("a %s without metadata.name", object.GetKind()))
	}
	if clusterScoped(object.GetKind()) {
		if !slices.Contains(s.Allow, AllowClusterScoped) {
			faults = append(faults, fmt.Sprintf("%s is cluster-scoped; services.%s.kubernetes.allow does not list %q",
				object, s.Name, AllowClusterScoped))
		}
		return faults
	}
	if namespace := object.GetNamespace(); namespace != "" && namespace != s.Namespace {
		faults = append(faults, fmt.Sprintf("%s is of namespace %q; environment %q is namespace %q",
			object, namespace, s.Environment, s.Namespace))
	}
	for label, want := range map[string]string{LabelApp: s.App, LabelService: s.Name} {
		if has := object.GetLabels()[label]; has != "" && has != want {
			faults = append(faults, fmt.Sprintf("%s has the label %s=%s; it is deployed as %q", object, label, has, want))
		}
	}
	faults = append(faults, object.checkRun()...)
	slices.Sort(faults)
	return faults
}

// objectSize is how many bytes of JSON an object with pods may have. etcd takes 1.5 MiB;
// long before, the API server runs into its own time limit, since it compares the paths
// of all files that a pod mounts with each other.
const objectSize = 1 << 20

// checkSize refuses an object that its pods' files make too large: each file in a folder
// has its path there.
func checkSize(object Object) error {
	text, err := json.Marshal(object.Object)
	if err != nil || len(text) <= objectSize {
		return err
	}
	return &Fault{Source: object.Source, Message: fmt.Sprintf(
		"%s is %d bytes with the paths of the files that it mounts; it may have at most %d (1 MiB): "+
			"shorten the paths, or have fewer files in folders", object, len(text), objectSize)}
}
