package kubernetes

import (
	"context"
	"errors"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/target"
)

func (n *Namespace) freezeName() string {
	return fmt.Sprintf("skycap-%s-%s-freeze", n.App, n.Environment)
}

// frozen reads the freeze; nil where there is none.
func (n *Namespace) frozen(ctx context.Context) (*target.FrozenError, error) {
	var list coordinationv1.LeaseList
	query := n.selector("," + labelLock + "=freeze")
	if err := n.proxy.Get(ctx, n.leases(), query, &list); err != nil || len(list.Items) == 0 {
		return nil, err
	}
	return n.freezeOf(&list.Items[0]), nil
}

func (n *Namespace) freezeOf(lease *coordinationv1.Lease) *target.FrozenError {
	holder := holderOf(lease)
	return &target.FrozenError{Environment: n.Environment, Who: holder.Who, Since: holder.Since, Why: lease.Annotations[annotationWhy]}
}

// Freeze creates a Lease that nobody renews and that never expires.
func (n *Namespace) Freeze(ctx context.Context, holder target.Holder, why string) error {
	wanted := n.lease(n.freezeName(), "freeze", "", holder)
	wanted.Annotations[annotationWhy] = why
	err := n.proxy.Create(ctx, n.leases(), nil, wanted, nil)
	if !failedFor(err, kubectl.Exists) {
		return err
	}
	frozen, err := n.frozen(ctx)
	return errors.Join(err, asError(frozen))
}

// Unfreeze deletes that Lease.
func (n *Namespace) Unfreeze(ctx context.Context) (*target.FrozenError, error) {
	var lease coordinationv1.Lease
	err := n.proxy.Get(ctx, n.leases()+"/"+n.freezeName(), nil, &lease)
	if failedFor(err, kubectl.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return n.freezeOf(&lease), n.proxy.Delete(ctx, n.leases()+"/"+n.freezeName(), metav1.Preconditions{UID: &lease.UID})
}
