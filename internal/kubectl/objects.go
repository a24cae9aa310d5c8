package kubectl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skycap/skycap/internal/ownership"
)

// readsAtOnce bounds how many objects are read at the same time.
const readsAtOnce = 16

// Objects returns those of the objects that the server has, in their order, as it
// has them. Of a kind that it doesn't know it has none.
func (p *Proxy) Objects(ctx context.Context, objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	found := make([]*unstructured.Unstructured, len(objects))
	reads, ctx := errgroup.WithContext(ctx)
	reads.SetLimit(readsAtOnce)
	for i, object := range objects {
		reads.Go(func() (err error) { found[i], err = p.object(ctx, object); return err })
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(object *unstructured.Unstructured) bool { return object == nil }), nil
}

// object is what the server has of an object; nil for nothing.
func (p *Proxy) object(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	path, err := p.pathOf(ctx, object)
	live := &unstructured.Unstructured{}
	if err == nil {
		err = p.Get(ctx, path, nil, live)
	}
	var failure *Error
	if errors.As(err, &failure) && slices.Contains([]Reason{NotFound, NoNamespace, NoKind}, failure.Reason) {
		return nil, nil
	}
	return live, err
}

// Apply applies an object as kubectl apply --server-side does, and returns what
// became of it. That is the same however often it is done, so it is tried again
// where that may help.
func (p *Proxy) Apply(ctx context.Context, object *unstructured.Unstructured, options ApplyOptions) (*unstructured.Unstructured, error) {
	path, err := p.pathOf(ctx, object)
	if err != nil {
		return nil, err
	}
	applied, err := p.applyAt(ctx, path, object, options)
	if err != nil {
		return nil, err
	}
	isUpgraded, err := p.upgrade(ctx, path, applied)
	if err != nil {
		tell(p.kubectl.Warn, fmt.Sprintf("%s %q: what kubectl apply owned of it could not be taken over: %v", object.GetKind(), object.GetName(), err))
	}
	if !isUpgraded {
		return applied, nil
	}
	return p.applyAt(ctx, path, object, options)
}

// applyRequestTimeout bounds one apply of an object. The server itself gives up after 60 s.
const applyRequestTimeout = 70 * time.Second

func (p *Proxy) applyAt(ctx context.Context, path string, object *unstructured.Unstructured, options ApplyOptions) (*unstructured.Unstructured, error) {
	applied := &unstructured.Unstructured{}
	sent := request{
		method: http.MethodPatch, path: path, content: "application/apply-patch+yaml", body: object.Object, timeout: applyRequestTimeout,
		query: url.Values{"fieldManager": {FieldManager}, "fieldValidation": {"Strict"}, "force": {strconv.FormatBool(options.Force)}},
	}
	err := p.Persist(ctx, func() error {
		writing, cancel := Outliving(ctx)
		defer cancel()
		return p.exchange(writing, sent, applied)
	})
	return applied, err
}

// upgradeTries is how often that is tried: controllers may write to the object meanwhile.
const upgradeTries = 5

// upgrade makes ours what a client-side apply owns of an object, as kubectl does:
// fields that nobody applies any more would stay forever otherwise.
func (p *Proxy) upgrade(ctx context.Context, path string, object *unstructured.Unstructured) (isUpgraded bool, err error) {
	for range upgradeTries {
		patch, err := ownership.TakeOver(object, FieldManager)
		if err != nil || patch == nil {
			return false, err
		}
		err = p.exchange(ctx, request{method: http.MethodPatch, path: path, content: "application/json-patch+json", body: json.RawMessage(patch)}, nil)
		var failure *Error
		if !errors.As(err, &failure) || failure.Reason != Stale {
			return err == nil, err
		}
		object = &unstructured.Unstructured{}
		if err := p.Get(ctx, path, nil, object); err != nil {
			return false, err
		}
	}
	return false, errors.New("it was changed again and again")
}

// Remove deletes an object, if it still is the one that was read.
func (p *Proxy) Remove(ctx context.Context, object *unstructured.Unstructured) error {
	path, err := p.pathOf(ctx, object)
	if err != nil {
		return err
	}
	return p.Delete(ctx, path, *metav1.NewUIDPreconditions(string(object.GetUID())))
}
