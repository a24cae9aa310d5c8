package kubectl

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// failingKubectl is a kubectl that fails with these texts, one after the other, and then succeeds.
func failingKubectl(texts ...string) (run.Runner, *int) {
	starts := 0
	return run.Func(func(_ context.Context, command run.Command) error {
		if starts++; starts > len(texts) {
			_, err := io.WriteString(command.Stdout, answered)
			return err
		}
		if _, err := io.WriteString(command.Stderr, texts[starts-1]); err != nil {
			return err
		}
		return exits(1)(command)
	}), &starts
}

const leaderChanged = `Error from server (InternalError): error when creating "STDIN": Internal error occurred: etcdserver: leader changed`

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		texts  []string
		starts int
		after  time.Duration
		reason Reason // empty: it succeeds
	}{
		"at once":        {nil, 1, 0, ""},
		"twice":          {[]string{leaderChanged, "Unable to connect to the server: net/http: TLS handshake timeout"}, 3, 1500 * time.Millisecond, ""},
		"until too late": {strings.Split(strings.Repeat(leaderChanged+"\n", 99), "\n"), 7, 23500 * time.Millisecond, Unavailable},
		"not what stays": {[]string{refused}, 1, 0, Forbidden},
		"not both":       {[]string{leaderChanged + "\n" + refused}, 1, 0, Forbidden},
		"no such host":   {[]string{"Unable to connect to the server: dial tcp: lookup nope.invalid: no such host"}, 1, 0, Unreachable},
		"not noise":      {[]string{outage + "\n" + refused}, 1, 0, Forbidden},
		"unknown":        {[]string{"error: who knows"}, 1, 0, Other},
	} {
		synctest.Test(t, func(t *testing.T) {
			runner, starts := failingKubectl(test.texts...)
			var told []string
			client := Client{Runner: runner, Warn: func(text string) { told = append(told, text) }}
			began := time.Now()
			_, err := client.TryApply(t.Context(), objects(), ApplyOptions{})
			assert.Equal(t, test.starts, *starts, name)
			assert.Equal(t, test.after, time.Since(began), name)
			assert.Len(t, told, min(1, test.starts-1), "%s: one line, %q", name, told)
			if test.reason == "" {
				require.NoError(t, err, name)
				return
			}
			var failure *Error
			require.ErrorAs(t, err, &failure, name)
			assert.Equal(t, test.reason, failure.Reason, name)
			assert.Equal(t, test.starts, failure.Tries, name)
		})
	}
}

func TestACanceledContextEndsTryingAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runner, starts := failingKubectl(leaderChanged, leaderChanged, leaderChanged)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(700*time.Millisecond, cancel)
		began := time.Now()
		_, err := Client{Runner: runner}.TryApply(ctx, objects(), ApplyOptions{})
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "leader changed")
		assert.Equal(t, 2, *starts)
		assert.Equal(t, 700*time.Millisecond, time.Since(began))
	})
}

// throttling is a server that wants to be left alone for a while, and counts.
type throttling struct {
	requests, refusals int
	retryAfter         string
}

func (s *throttling) RoundTrip(_ *http.Request) (*http.Response, error) {
	if s.requests++; s.requests > s.refusals {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	}
	return &http.Response{
		StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {s.retryAfter}}, Body: io.NopCloser(strings.NewReader("")),
	}, nil
}

func TestRetryAfterIsHonouredWithinTheBound(t *testing.T) {
	t.Parallel()
	for after, want := range map[string]struct {
		requests int
		time     time.Duration
	}{"4": {3, 8 * time.Second}, "60": {1, 0}, "soon": {3, 1500 * time.Millisecond}, "-7": {3, 1500 * time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			server := &throttling{refusals: 2, retryAfter: after}
			proxy := &Proxy{client: &http.Client{Transport: server}}
			began := time.Now()
			err := proxy.Get(t.Context(), "/x", nil, new(any))
			assert.Equal(t, want.requests == 3, err == nil, "%s: %v", after, err)
			assert.Equal(t, want.requests, server.requests, after)
			assert.Equal(t, want.time, time.Since(began), after)
		})
	}
}

func TestWhatIsNotTheSameTwiceIsNeverTriedAgain(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(context.Context, *Proxy) error{
		"create": func(ctx context.Context, p *Proxy) error { return p.Create(ctx, "/x", nil, nil, nil) },
		"update": func(ctx context.Context, p *Proxy) error { return p.Update(ctx, "/x", nil, nil) },
		"merge":  func(ctx context.Context, p *Proxy) error { return p.Merge(ctx, "/x", "m", nil) },
		"stream": func(ctx context.Context, p *Proxy) error { _, err := p.Stream(ctx, "/x", nil); return err },
	} {
		synctest.Test(t, func(t *testing.T) {
			server := &throttling{refusals: 1}
			err := send(t.Context(), &Proxy{client: &http.Client{Transport: server}})
			var failure *Error
			require.ErrorAs(t, err, &failure, name)
			assert.Equal(t, Throttled, failure.Reason, name)
			assert.Equal(t, 1, server.requests, name)
		})
	}
	runner, starts := failingKubectl(leaderChanged)
	require.Error(t, Client{Runner: runner}.Restart(t.Context(), []string{"deployment.apps/web"}))
	assert.Equal(t, 1, *starts, "a restart")
}

func TestAnOutageIsToldOnceHoweverManyRequestsItHits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		server := &throttling{refusals: 4}
		proxy := &Proxy{client: &http.Client{Transport: server}, kubectl: Client{Warn: func(text string) { told = append(told, text) }}}
		for range 2 {
			require.NoError(t, proxy.Get(t.Context(), "/x", nil, new(any)))
			server.requests = 0
		}
		assert.Len(t, told, 2, "once each: it was over in between")
		assert.Contains(t, told[0], "trying again for up to 10s: GET /x was answered with HTTP status 429")
	})
}
