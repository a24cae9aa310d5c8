package kubernetes

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/target"
)

// A lock lives as long as its holder is heard of: a killed one frees it within
// leaseTime of its last heartbeat.
const (
	leaseTime = 12 * time.Second
	heartbeat = 3 * time.Second
	renewTime = 3 * time.Second        // for one heartbeat: the next may get through
	lockPause = 500 * time.Millisecond // between two looks at a lock of somebody else's
)

const (
	labelLock         = "skycap.dev/lock" // lock or freeze
	annotationWho     = "skycap.dev/who"
	annotationJob     = "skycap.dev/job"
	annotationCommand = "skycap.dev/command"
	annotationWhy     = "skycap.dev/why"
)

// lock is the Leases of some services. It implements target.Lock.
type lock struct {
	namespace *Namespace
	context   context.Context
	lose      context.CancelCauseFunc
	stop      context.CancelFunc
	stopped   chan struct{}

	mutex   sync.Mutex
	leases  []*coordinationv1.Lease
	renewed time.Time
}

func (n *Namespace) leases() string { return n.path("apis/coordination.k8s.io/v1", "leases") }

func (n *Namespace) lockName(service string) string {
	return fmt.Sprintf("skycap-%s-%s-lock-%s", n.App, n.Environment, service)
}

// Lock creates a Lease for each service, in sorted order, or takes over one whose
// holder is dead.
func (n *Namespace) Lock(ctx context.Context, services []string, claim target.Claim) (target.Lock, error) {
	services = slices.Sorted(slices.Values(services))
	identity := claim.Holder.Who + "#" + rand.Text()
	heard := map[string]*metav1.MicroTime{} // what was first heard of each lock of somebody else's
	told := ""                              // whom it was said to wait for
	for deadline := time.Now().Add(claim.Wait); ; {
		if !claim.PassFreeze {
			if frozen, err := n.frozen(ctx); err != nil || frozen != nil {
				return nil, errors.Join(err, asError(frozen))
			}
		}
		taken, held, err := n.takeAll(ctx, services, identity, claim)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, errors.Join(err, n.giveBack(taken))
		}
		if held == nil {
			return n.hold(ctx, taken), nil
		}
		first, known := heard[held.Name]
		heard[held.Name] = first
		if !known {
			heard[held.Name] = held.Spec.RenewTime
		}
		// One that was never heard again may be dead: that shows when its time is over.
		alive := known && !first.Equal(held.Spec.RenewTime)
		locked := n.lockedBy(held)
		if alive && !time.Now().Before(deadline) {
			return nil, locked
		}
		if holder := held.Spec.HolderIdentity; holder != nil && *holder != told {
			claim.Waiting(locked.Error())
			told = *holder
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

func asError(frozen *target.FrozenError) error {
	if frozen == nil {
		return nil
	}
	return frozen
}

// takeAll takes all locks or none. Held is the first that somebody else has.
func (n *Namespace) takeAll(ctx context.Context, services []string, identity string, claim target.Claim) (taken []*coordinationv1.Lease, held *coordinationv1.Lease, err error) {
	ctx, cancel := kubectl.Outliving(ctx)
	defer cancel()
	for _, service := range services {
		var lease *coordinationv1.Lease
		lease, held, err = n.take(ctx, service, identity, claim)
		if err != nil || held != nil {
			return nil, held, errors.Join(err, n.giveBack(taken))
		}
		taken = append(taken, lease)
	}
	return taken, nil, nil
}

func (n *Namespace) take(ctx context.Context, service, identity string, claim target.Claim) (taken, held *coordinationv1.Lease, err error) {
	wanted := n.lease(n.lockName(service), "lock", service, claim.Holder)
	wanted.Spec.HolderIdentity = &identity
	wanted.Spec.LeaseDurationSeconds = new(int32)
	*wanted.Spec.LeaseDurationSeconds = int32(leaseTime / time.Second)
	taken = &coordinationv1.Lease{}
	err = n.proxy.Create(ctx, n.leases(), nil, wanted, taken)
	if !failedFor(err, kubectl.Exists) {
		return taken, nil, err
	}
	held = &coordinationv1.Lease{}
	if err := n.proxy.Get(ctx, n.leases()+"/"+wanted.Name, nil, held); err != nil {
		if failedFor(err, kubectl.NotFound) { // given back just now
			return n.take(ctx, service, identity, claim)
		}
		return nil, nil, err
	}
	if !n.expired(held) {
		return nil, held, nil
	}
	wanted.ResourceVersion, wanted.UID = held.ResourceVersion, held.UID
	err = n.proxy.Update(ctx, n.leases()+"/"+wanted.Name, wanted, taken)
	if failedFor(err, kubectl.Stale) || failedFor(err, kubectl.NotFound) { // somebody else was faster
		return nil, held, nil
	}
	return taken, nil, err
}

// lease is a Lease that tells who holds it.
func (n *Namespace) lease(name, kind, service string, holder target.Holder) *coordinationv1.Lease {
	now := metav1.NewMicroTime(n.proxy.Now())
	lease := &coordinationv1.Lease{
		TypeMeta: metav1.TypeMeta{APIVersion: "coordination.k8s.io/v1", Kind: "Lease"},
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				manifest.LabelManagedBy: manifest.ManagedBy, manifest.LabelApp: n.App,
				manifest.LabelEnvironment: n.Environment, labelLock: kind,
			},
			Annotations: map[string]string{annotationWho: holder.Who, annotationJob: holder.Job, annotationCommand: holder.Command},
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder.Who, AcquireTime: &now, RenewTime: &now},
	}
	if service != "" {
		lease.Labels[manifest.LabelService] = service
	}
	return lease
}

func (n *Namespace) expired(lease *coordinationv1.Lease) bool {
	return lease.Spec.RenewTime == nil || n.proxy.Now().Sub(lease.Spec.RenewTime.Time) > leaseTime
}

func (n *Namespace) lockedBy(lease *coordinationv1.Lease) *target.LockedError {
	return &target.LockedError{
		Service: lease.Labels[manifest.LabelService], Environment: n.Environment, Holder: holderOf(lease),
		Heartbeat: n.proxy.Now().Sub(lease.Spec.RenewTime.Time),
	}
}

func holderOf(lease *coordinationv1.Lease) target.Holder {
	holder := target.Holder{
		Who: lease.Annotations[annotationWho], Job: lease.Annotations[annotationJob], Command: lease.Annotations[annotationCommand],
	}
	if lease.Spec.AcquireTime != nil {
		holder.Since = lease.Spec.AcquireTime.Time
	}
	if lease.Spec.RenewTime != nil {
		holder.Heard = lease.Spec.RenewTime.Time
	}
	return holder
}

// Holders reads the Leases that are alive.
func (n *Namespace) Holders(ctx context.Context) (map[string]target.Holder, error) {
	var list coordinationv1.LeaseList
	if err := n.proxy.Get(ctx, n.leases(), n.selector(","+labelLock+"=lock"), &list); err != nil {
		return nil, err
	}
	holders := map[string]target.Holder{}
	for i := range list.Items {
		if !n.expired(&list.Items[i]) {
			holders[list.Items[i].Labels[manifest.LabelService]] = holderOf(&list.Items[i])
		}
	}
	return holders, nil
}
