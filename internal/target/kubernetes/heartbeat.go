package kubernetes

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/target"
)

// hold keeps Leases alive until they are given back, or lost.
func (n *Namespace) hold(ctx context.Context, leases []*coordinationv1.Lease) *lock {
	held, lose := context.WithCancelCause(ctx)
	// The heart beats on when the command was interrupted: it has something to write down yet.
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	l := &lock{namespace: n, context: held, lose: lose, stop: stop, stopped: make(chan struct{}), leases: leases, renewed: time.Now()}
	go l.beat(beating)
	return l
}

func (l *lock) Context() context.Context { return l.context }

func (l *lock) beat(ctx context.Context) {
	defer close(l.stopped)
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			var lost *target.LostError
			if err := l.renew(ctx); errors.As(err, &lost) {
				l.lose(err)
				return
			} // a server that can't be reached may be again: then it shows who has the lock
		}
	}
}

// freshTime is for how long a renewal proves that the lock is held.
const freshTime = time.Second

// Check renews the Leases, unless that was just done. An interrupted command has
// the lock still: it may write down how it ended, in a context of its own.
func (l *lock) Check(ctx context.Context) error {
	var lost *target.LostError
	if errors.As(context.Cause(l.context), &lost) {
		return lost
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.mutex.Lock()
	fresh := time.Since(l.renewed) < freshTime
	l.mutex.Unlock()
	if fresh {
		return nil
	}
	return l.renew(ctx)
}

// renew writes the time of now into each Lease, if it still is as we left it.
func (l *lock) renew(ctx context.Context) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := metav1.NewMicroTime(l.namespace.proxy.Now())
	ctx, cancel := kubectl.Outliving(ctx)
	defer cancel()
	ctx, cancelLate := context.WithTimeout(ctx, renewTime)
	defer cancelLate()
	work := errgroup.Group{}
	for i, lease := range l.leases {
		work.Go(func() error {
			wanted, renewed := lease.DeepCopy(), &coordinationv1.Lease{}
			wanted.Spec.RenewTime = &now
			path := l.namespace.leases() + "/" + lease.Name
			err := l.namespace.proxy.Update(ctx, path, wanted, renewed)
			if failedFor(err, kubectl.Stale) {
				if wanted.ResourceVersion, err = l.namespace.stillOurs(ctx, lease); err == nil {
					err = l.namespace.proxy.Update(ctx, path, wanted, renewed)
				}
			}
			if failedFor(err, kubectl.Stale) || failedFor(err, kubectl.NotFound) {
				return l.namespace.lost(ctx, lease)
			}
			if err == nil {
				l.leases[i] = renewed
			}
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	l.renewed = time.Now()
	return nil
}

// stillOurs is the version of a Lease that the same holder has written: a renewal
// whose answer was never heard. One that somebody else has, or nobody, is lost.
func (n *Namespace) stillOurs(ctx context.Context, lease *coordinationv1.Lease) (version string, err error) {
	var now coordinationv1.Lease
	if err := n.proxy.Get(ctx, n.leases()+"/"+lease.Name, nil, &now); err != nil {
		return "", err
	}
	if now.UID != lease.UID || now.Spec.HolderIdentity == nil || *now.Spec.HolderIdentity != *lease.Spec.HolderIdentity {
		return "", n.lost(ctx, lease)
	}
	return now.ResourceVersion, nil
}

func (n *Namespace) lost(ctx context.Context, lease *coordinationv1.Lease) error {
	lost := &target.LostError{Service: lease.Labels[manifest.LabelService], Environment: n.Environment}
	var now coordinationv1.Lease
	if err := n.proxy.Get(ctx, n.leases()+"/"+lease.Name, nil, &now); err == nil {
		lost.To = holderOf(&now).Who
	}
	return lost
}

// unlockTime bounds how long giving locks back may take.
const unlockTime = 5 * time.Second

// Unlock deletes the Leases that still are ours.
func (l *lock) Unlock() error {
	l.stop()
	<-l.stopped
	l.lose(context.Canceled)
	return l.namespace.giveBack(l.leases)
}

func (n *Namespace) giveBack(leases []*coordinationv1.Lease) error {
	ctx, cancel := context.WithTimeout(context.Background(), unlockTime)
	defer cancel()
	work := errgroup.Group{}
	for _, lease := range leases {
		work.Go(func() error {
			path := n.leases() + "/" + lease.Name
			err := n.proxy.Delete(ctx, path, metav1.Preconditions{UID: &lease.UID, ResourceVersion: &lease.ResourceVersion})
			if !failedFor(err, kubectl.Stale) {
				return err
			}
			version, err := n.stillOurs(ctx, lease)
			if err != nil {
				return err
			}
			return n.proxy.Delete(ctx, path, metav1.Preconditions{UID: &lease.UID, ResourceVersion: &version})
		})
	}
	return work.Wait()
}
