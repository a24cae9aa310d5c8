package kubectl

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/run"
)

// What skycap needs of a kubectl is checked in what it prints anyway, so that no
// process is started for it: version --output=json has a clientVersion, proxy
// listens and passes requests on, and apply --dry-run=server --output=json prints
// an object for each that it was given. One that does otherwise is refused before
// anything is changed.

// breach is the error of a kubectl that prints something else than it must.
func (c Client) breach(command run.Command, what string) *Error {
	return &Error{
		Reason: Skew, Context: c.Context, Namespace: c.Namespace, Command: command.String(),
		Text: fmt.Sprintf("this kubectl is not one that skycap can work with: what %q printed %s", command, what),
	}
}

// checkNames checks that a dry run speaks of the objects that it was given.
func (c Client) checkNames(command run.Command, given, answered []*unstructured.Unstructured) error {
	has := map[string]bool{}
	for _, object := range answered {
		has[object.GetKind()+"/"+object.GetName()] = true
	}
	for _, object := range given {
		if !has[object.GetKind()+"/"+object.GetName()] {
			return c.breach(command, fmt.Sprintf("lacks %s %q, which it was given", object.GetKind(), object.GetName()))
		}
	}
	return nil
}

// probe is an object that a dry run can be asked about anywhere.
func probe() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "skycap-probe"},
	}}
}

// Probe finds out whether kubectl does what skycap needs, by a dry run of one object.
func (c Client) Probe(ctx context.Context) error {
	_, err := c.TryApply(ctx, []*unstructured.Unstructured{probe()}, ApplyOptions{})
	return err
}
