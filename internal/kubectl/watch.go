package kubectl

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// watchPause is the time between a watch that broke and the next.
const watchPause = time.Second

// Snapshot is the objects at one path, by name.
type Snapshot map[string]*unstructured.Unstructured

// Follow lists the objects at a path and then watches them: changed is called
// with each state, from one goroutine, until the context ends. A stream that
// ends is taken up again, as is an unreachable server; any other failure is
// returned.
func (p *Proxy) Follow(ctx context.Context, path string, query url.Values, changed func(Snapshot)) error {
	for {
		err := p.followOnce(ctx, path, query, changed)
		var failure *Error
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &failure) && failure.Reason != Unreachable && failure.Reason != Other:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(watchPause):
		}
	}
}

func (p *Proxy) followOnce(ctx context.Context, path string, query url.Values, changed func(Snapshot)) error {
	list := unstructured.UnstructuredList{}
	if err := p.Get(ctx, path, query, &list); err != nil {
		return err
	}
	objects := Snapshot{}
	for i := range list.Items {
		objects[list.Items[i].GetName()] = &list.Items[i]
	}
	changed(objects)

	watch := url.Values{"watch": {"true"}, "resourceVersion": {list.GetResourceVersion()}}
	for name, values := range query {
		watch[name] = values
	}
	answer, err := p.send(ctx, request{method: http.MethodGet, path: path, query: watch})
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	for decoder := json.NewDecoder(answer.Body); ; {
		var event struct {
			Type   string                    `json:"type"`
			Object unstructured.Unstructured `json:"object"`
		}
		if err := decoder.Decode(&event); err != nil {
			return err
		}
		switch event.Type {
		case "ADDED", "MODIFIED":
			objects[event.Object.GetName()] = &event.Object
		case "DELETED":
			delete(objects, event.Object.GetName())
		default: // an error such as 410 Gone: list again
			return &Error{Reason: Other, Command: "watch " + path, Text: string(metav1.StatusReasonExpired)}
		}
		changed(objects)
	}
}
