package process

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// wait asks until the daemon is ready, has ended, or has used up its time.
func wait(ctx context.Context, d Daemon, ended <-chan struct{}, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		err := Check(ctx, d)
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return errors.New("it ended")
		case <-ctx.Done():
			return fmt.Errorf("not ready after %s: %w", timeout, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Check asks the daemon once whether it is ready.
func Check(ctx context.Context, d Daemon) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return d.Ready(ctx)
}

// AnswersHTTP is ready when a GET of the URL is answered with 200. The daemons'
// own certificates are not checked: the address is on this machine's loopback.
func AnswersHTTP(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		return get(ctx, url, &http.Transport{
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
			DisableKeepAlives: true,
		})
	}
}

// AnswersHTTPOn is AnswersHTTP over a Unix socket.
func AnswersHTTPOn(socket, path string) func(context.Context) error {
	return func(ctx context.Context) error {
		return get(ctx, "http://localhost"+path, &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", socket)
			},
			DisableKeepAlives: true,
		})
	}
}

func get(ctx context.Context, url string, transport http.RoundTripper) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // nothing was read
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %q: %s", url, response.Status)
	}
	return nil
}

// StartError is a daemon that didn't come up.
type StartError struct {
	Component, Log string
	Err            error
}

func (e *StartError) Error() string {
	text := fmt.Sprintf("%q did not start: %v", e.Component, e.Err)
	if log, err := os.ReadFile(e.Log); err == nil && len(log) > 0 {
		text += "\n" + Tail(string(log), 5)
	}
	return text
}

func (e *StartError) Unwrap() error { return e.Err }

// Hint tells where the daemon said why.
func (e *StartError) Hint() string { return "less " + e.Log }
