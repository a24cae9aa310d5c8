package kubectl

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// watchPause is the time between a watch that broke and the next.
const watchPause = time.Second

// Change is what became of the objects at a path, as JSON.
type Change struct {
	Kind    ChangeKind
	Objects []json.RawMessage // all of them when Listed, else one
}

// ChangeKind says what a Change is.
type ChangeKind string

// The kinds of changes.
const (
	Listed  ChangeKind = "listed"  // these are all that there are
	Set     ChangeKind = "set"     // it is new, or another
	Deleted ChangeKind = "deleted" // it is gone
)

// Follow lists the objects at a path and then watches them: changed is called
// with each change, from one goroutine, until the context ends. A stream that
// ends is taken up again, as is an unreachable server; any other failure is
// returned.
func (p *Proxy) Follow(ctx context.Context, path string, query url.Values, changed func(Change)) error {
	for {
		err := p.followOnce(ctx, path, query, changed)
		var failure *Error
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &failure) && !failure.Reason.MayPass() && failure.Reason != Other:
			return err
		}
		pause := watchPause
		if failure != nil {
			pause = min(max(pause, failure.RetryAfter), longestPause)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (p *Proxy) followOnce(ctx context.Context, path string, query url.Values, changed func(Change)) error {
	var list struct {
		Metadata metav1.ListMeta   `json:"metadata"`
		Items    []json.RawMessage `json:"items"`
	}
	if err := p.exchange(ctx, request{method: http.MethodGet, path: path, query: query}, &list); err != nil {
		return err
	}
	changed(Change{Kind: Listed, Objects: list.Items})

	watch := url.Values{"watch": {"true"}, "resourceVersion": {list.Metadata.ResourceVersion}}
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
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := decoder.Decode(&event); err != nil {
			return err
		}
		switch event.Type {
		case "ADDED", "MODIFIED":
			changed(Change{Kind: Set, Objects: []json.RawMessage{event.Object}})
		case "DELETED":
			changed(Change{Kind: Deleted, Objects: []json.RawMessage{event.Object}})
		default: // an error such as 410 Gone: list again
			return &Error{Reason: Other, Command: "watch " + path, Text: string(metav1.StatusReasonExpired)}
		}
	}
}
