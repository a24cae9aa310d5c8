package manifest

import "errors"

// What a Secret needs for the kubelet to pull images with it.
const (
	pullKey  = ".dockerconfigjson"
	pullType = "kubernetes.io/dockerconfigjson"
)

// pulls are the references of an object, or of its pods, to Secrets that images are
// pulled with.
func (p payload) pulls(object Object) []map[string]any {
	if p.kind != "Secret" {
		return nil
	}
	var found []map[string]any
	if object.GetKind() == "ServiceAccount" {
		found = mapsIn(object.Object["imagePullSecrets"])
	}
	for _, pod := range podTemplates(object) {
		found = append(found, mapsIn(child(pod, "spec")["imagePullSecrets"])...)
	}
	return found
}

// pointPulls has images be pulled with the object that holds the file for it. Where the
// payload is mounted is not decided by that.
func (p payload) pointPulls(objects []Object, packed []*holder) error {
	var faults []error
	for _, object := range objects {
		for _, reference := range p.pulls(object) {
			if !p.isNamed(reference) {
				continue
			}
			held, _, ok := holding(packed, pullKey)
			if !ok {
				faults = append(faults, p.missing(object, pullKey))
				continue
			}
			reference["name"] = held.object.GetName()
		}
	}
	return errors.Join(faults...)
}
