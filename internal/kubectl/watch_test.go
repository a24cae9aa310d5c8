package kubectl

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// server answers requests one after the other without a network, so that time
// can be the test's own. A watch that is left open ends with the request.
type server struct {
	t       *testing.T
	answers []string // "list …", "watch …", "status <code>", "cut"
	asked   []string
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	kind := "list"
	if r.URL.Query().Get("watch") == "true" {
		kind = "watch from " + r.URL.Query().Get("resourceVersion")
	}
	assert.Equal(s.t, "a=b", r.URL.Query().Get("labelSelector"), "each request has the selector")
	s.asked = append(s.asked, kind)
	if len(s.answers) == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	what, text, _ := strings.Cut(next, " ")
	response := &http.Response{StatusCode: http.StatusOK, Request: r}
	switch what {
	case "list", "watch":
		require.True(s.t, strings.HasPrefix(kind, what), "asked to %s, the test has %s", kind, next)
		response.Body = io.NopCloser(strings.NewReader(text))
	case "open":
		reader, writer := io.Pipe()
		go func() {
			_, _ = io.WriteString(writer, text)
			<-r.Context().Done()
			_ = writer.CloseWithError(r.Context().Err())
		}()
		response.Body = reader
	case "status":
		_, err := fmt.Sscan(text, &response.StatusCode)
		require.NoError(s.t, err)
		response.Body = io.NopCloser(strings.NewReader(`{"kind": "Status", "message": "no"}`))
	case "cut":
		return nil, io.ErrUnexpectedEOF
	}
	return response, nil
}

func list(version string, names ...string) string {
	var items []string
	for _, name := range names {
		items = append(items, `{"metadata": {"name": "`+name+`"}}`)
	}
	return fmt.Sprintf(`list {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": %q}, "items": [%s]}`,
		version, strings.Join(items, ","))
}

func event(kind, name string) string {
	return fmt.Sprintf(`{"type": %q, "object": {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": %q}}}`+"\n", kind, name)
}

// follow follows until the given number of states were seen, and returns them.
func follow(t *testing.T, s *server, states int) ([]string, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen []string
	var objects map[string]bool
	proxy := &Proxy{client: &http.Client{Transport: s}}
	err := proxy.Follow(ctx, "/api/v1/namespaces/n/pods", url.Values{"labelSelector": {"a=b"}}, func(change Change) {
		if change.Kind == Listed {
			objects = map[string]bool{}
		}
		for _, raw := range change.Objects {
			var object metav1.PartialObjectMetadata
			require.NoError(t, json.Unmarshal(raw, &object))
			if objects[object.Name] = true; change.Kind == Deleted {
				delete(objects, object.Name)
			}
		}
		if seen = append(seen, strings.Join(slices.Sorted(maps.Keys(objects)), " ")); len(seen) == states {
			cancel()
		}
	})
	return seen, err
}

func TestFollow(t *testing.T) {
	t.Parallel()
	const gone = `{"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}` + "\n"
	for name, test := range map[string]struct {
		answers []string
		states  []string
		asked   []string
		pauses  int // of watchPause
	}{
		"events": {
			[]string{list("7", "a"), "open " + event("ADDED", "b") + event("MODIFIED", "b") + event("DELETED", "a")},
			[]string{"a", "a b", "a b", "b"}, []string{"list", "watch from 7"}, 0,
		},
		"nothing there yet": {
			[]string{list("7"), "open " + event("ADDED", "a")}, []string{"", "a"}, []string{"list", "watch from 7"}, 0,
		},
		"the stream ends": {
			[]string{list("7", "a"), "watch " + event("ADDED", "b"), list("9", "c"), "open " + event("DELETED", "c")},
			[]string{"a", "a b", "c", ""}, []string{"list", "watch from 7", "list", "watch from 9"}, 1,
		},
		"the stream is cut within an event": {
			[]string{list("7", "a"), "watch " + event("ADDED", "b")[:30], list("9", "c")},
			[]string{"a", "c"}, []string{"list", "watch from 7", "list"}, 1,
		},
		"gone, as an event": {
			[]string{list("7", "a"), "open " + gone, list("9", "b")},
			[]string{"a", "b"}, []string{"list", "watch from 7", "list"}, 1,
		},
		"gone, as a status": {
			[]string{list("7", "a"), "status 410", list("9", "b")},
			[]string{"a", "b"}, []string{"list", "watch from 7", "list"}, 1,
		},
		"the server is down for a while": {
			[]string{"cut", "status 503", "status 429", list("9", "b")},
			[]string{"b"}, []string{"list", "list", "list", "list"}, 3,
		},
		"the connection breaks": {
			[]string{list("7", "a"), "cut", list("9", "b")}, []string{"a", "b"}, []string{"list", "watch from 7", "list"}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began, s := time.Now(), &server{t: t, answers: test.answers}
				states, err := follow(t, s, len(test.states))
				require.ErrorIs(t, err, context.Canceled)
				assert.Equal(t, test.states, states)
				assert.Equal(t, test.asked, s.asked[:len(test.asked)])
				assert.Equal(t, time.Duration(test.pauses)*watchPause, time.Since(began))
			})
		})
	}
}

func TestFollowEndsWithWhatWillNotPass(t *testing.T) {
	t.Parallel()
	for status, reason := range map[string]Reason{"401": Unauthorized, "403": Forbidden, "400": Invalid} {
		synctest.Test(t, func(t *testing.T) {
			states, err := follow(t, &server{t: t, answers: []string{list("7", "a"), "status " + status}}, 9)
			var failure *Error
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, reason, failure.Reason)
			assert.Equal(t, []string{"a"}, states)
		})
	}
}

func TestFollowEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]string{
		"while it lists": nil, "while it watches": {list("7", "a"), "open "}, "while it pauses": {"cut", "cut", "cut", "cut", "cut"},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*watchPause-1)
			defer cancel()
			proxy := &Proxy{client: &http.Client{Transport: &server{t: t, answers: answers}}}
			began := time.Now()
			err := proxy.Follow(ctx, "/x", url.Values{"labelSelector": {"a=b"}}, func(Change) {})
			require.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.Equal(t, 3*watchPause-1, time.Since(began), name)
		})
	}
}

func TestARequestHasADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		proxy := &Proxy{client: &http.Client{Transport: &server{t: t}}}
		began := time.Now()
		err := proxy.Get(t.Context(), "/x", url.Values{"labelSelector": {"a=b"}}, new(any))
		var failure *Error
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, Timeout, failure.Reason)
		assert.Equal(t, requestTimeout, time.Since(began))
	})
}
