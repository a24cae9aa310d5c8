package kubectl

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/run"
)

// proxyLife bounds how long one proxy may run.
const proxyLife = 24 * time.Hour

// requestTimeout bounds each request but watches.
const requestTimeout = 30 * time.Second

// Proxy is one kubectl process that passes requests on to the API server with
// kubectl's own credentials, so that reads and watches cost no process each. It
// listens on a unix socket in a folder that only this user can enter.
type Proxy struct {
	kubectl Client
	client  *http.Client
	noise   *filter // of its stderr
	folder  string
	stop    context.CancelFunc
	over    chan struct{} // it has ended; cause tells why
	cause   error
	skew    atomic.Int64 // how far the server's clock is ahead of ours, in nanoseconds

	troubled  atomic.Bool // an outage was told of, and is not over
	resources resources
	said      lastWords // of the process and of its credential plugin
}

// Proxy starts a proxy. Close ends it, and not the context: what a canceled
// command still has to write down goes through it.
func (c Client) Proxy(ctx context.Context) (*Proxy, error) {
	sweep(ctx, time.Now())
	folder, err := os.MkdirTemp(proxyParent(), proxyFolder) // mode 0700
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(folder, "proxy")
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	listening := make(chan struct{})
	command := c.command("proxy", "--append-server-path", "--unix-socket="+socket)
	command.Timeout, command.Stdout = proxyLife, &announcement{heard: listening}
	proxy := &Proxy{kubectl: c, client: overSocket(socket), folder: folder, stop: stop, over: make(chan struct{})}
	noise := c.listen(command)
	proxy.noise, command.Stderr = noise, io.MultiWriter(noise, &proxy.said)
	go func() {
		defer close(proxy.over)
		err := c.Runner.Run(life, command)
		noise.End(err != nil)
		if proxy.cause = err; life.Err() == nil {
			proxy.cause = c.end(command, noise, err)
		}
	}()

	select {
	case <-listening:
		return proxy, nil
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), proxy.Close())
	case <-proxy.over:
		stop()
		_ = os.RemoveAll(folder)
		return nil, proxy.cause
	}
}

// end is why a proxy has ended by itself.
func (c Client) end(command run.Command, noise *filter, err error) error {
	if failure := c.failure(command, noise, err); failure != nil {
		return failure
	}
	if err == nil {
		err = &Error{
			Reason: Other, Context: c.Context, Namespace: c.Namespace, Command: command.String(),
			Text: fmt.Sprintf("%q ended by itself", command),
		}
	}
	return err
}

// Close ends the proxy and waits for its end.
func (p *Proxy) Close() error {
	p.client.CloseIdleConnections()
	p.stop()
	<-p.over
	return os.RemoveAll(p.folder)
}

// announcement hears the first thing that kubectl prints: it listens.
type announcement struct {
	once  sync.Once
	heard chan struct{}
}

func (a *announcement) Write(data []byte) (int, error) {
	a.once.Do(func() { close(a.heard) })
	return len(data), nil
}

func overSocket(socket string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
		MaxIdleConnsPerHost: 16,
	}}
}

// Get reads a path of the API into a value. Like all that only reads, it is tried
// again where that may help.
func (p *Proxy) Get(ctx context.Context, path string, query url.Values, into any) error {
	return p.read(ctx, request{method: http.MethodGet, path: path, query: query}, into)
}

func (p *Proxy) read(ctx context.Context, r request, into any) error {
	return p.persist(ctx, readPatience, func() error { return p.exchange(ctx, r, into) })
}

// Metadata reads the objects' metadata alone, which leaves the data of Secrets with the server.
func (p *Proxy) Metadata(ctx context.Context, path string, query url.Values) ([]metav1.PartialObjectMetadata, error) {
	var list metav1.PartialObjectMetadataList
	err := p.read(ctx, request{
		method: http.MethodGet, path: path, query: query,
		accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
	}, &list)
	return list.Items, err
}

// Create creates an object below a path.
func (p *Proxy) Create(ctx context.Context, path string, query url.Values, object, into any) error {
	return p.exchange(ctx, request{method: http.MethodPost, path: path, query: query, body: object, content: "application/json"}, into)
}

// Update replaces the object at a path. Where the object has a resourceVersion
// that is not the newest any more, the error is Stale.
func (p *Proxy) Update(ctx context.Context, path string, object, into any) error {
	return p.exchange(ctx, request{
		method: http.MethodPut, path: path, query: url.Values{"fieldManager": {FieldManager}},
		body: object, content: "application/json",
	}, into)
}

// Merge changes fields of the object at a path. They are the manager's then.
func (p *Proxy) Merge(ctx context.Context, path, manager string, fields any) error {
	return p.exchange(ctx, request{
		method: http.MethodPatch, path: path, query: url.Values{"fieldManager": {manager}},
		body: fields, content: "application/merge-patch+json",
	}, nil)
}

// Delete deletes the object at a path, if it still is the one of the
// preconditions; what it owns goes with it. That it is gone already, or another
// by now, is no error; that it is of another version is Stale.
func (p *Proxy) Delete(ctx context.Context, path string, only metav1.Preconditions) error {
	policy := metav1.DeletePropagationBackground
	err := p.exchange(ctx, request{
		method: http.MethodDelete, path: path, content: "application/json",
		body: metav1.DeleteOptions{Preconditions: &only, PropagationPolicy: &policy},
	}, nil)
	var failure *Error
	if errors.As(err, &failure) && (failure.Reason == NotFound || failure.Reason == Stale && only.ResourceVersion == nil) {
		return nil
	}
	return err
}

// Stream reads a path that is not JSON, such as a log, for as long as it goes on. Close it.
func (p *Proxy) Stream(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	answer, err := p.send(ctx, request{method: http.MethodGet, path: path, query: query})
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// Now is the time by the cluster's clock, so that it can be compared with what
// the cluster has written down.
func (p *Proxy) Now() time.Time { return time.Now().Add(time.Duration(p.skew.Load())) }

// trustedSkew is how far two clocks may differ and count as the same: the
// server tells its time in whole seconds.
const trustedSkew = 2 * time.Second

// setClock learns the server's time from its answer.
func (p *Proxy) setClock(answer *http.Response) {
	told, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return
	}
	skew := time.Until(told)
	if skew.Abs() < trustedSkew {
		skew = 0
	}
	p.skew.Store(int64(skew))
}

type request struct {
	method, path, accept, content string
	query                         url.Values
	body                          any
	timeout                       time.Duration // requestTimeout when zero
}

func (p *Proxy) exchange(ctx context.Context, r request, into any) error {
	limited, cancel := context.WithTimeout(ctx, cmp.Or(r.timeout, requestTimeout))
	defer cancel()
	answer, err := p.send(limited, r)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if into == nil {
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}
	err = json.NewDecoder(answer.Body).Decode(into)
	var syntax *json.SyntaxError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &syntax):
		return p.failure(r, Other, "the answer is not JSON: "+err.Error())
	case err != nil:
		return p.failure(r, Unreachable, "the answer was cut short: "+err.Error())
	}
	return nil
}

// send returns an answer of status 2xx, or an *Error.
func (p *Proxy) send(ctx context.Context, r request) (*http.Response, error) {
	var body io.Reader
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	// The proxy accepts no other host.
	address := url.URL{Scheme: "http", Host: "localhost", Path: r.path, RawQuery: r.query.Encode()}
	sent, err := http.NewRequestWithContext(ctx, r.method, address.String(), body)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"Accept": r.accept, "Content-Type": r.content} {
		if value != "" {
			sent.Header.Set(name, value)
		}
	}
	answer, err := p.client.Do(sent)
	if err != nil {
		if cause := p.gone(ctx, err); cause != nil {
			return nil, cause
		}
		return nil, p.failure(r, unanswered(err), err.Error())
	}
	p.setClock(answer)
	p.tellWarnings(answer.Header)
	if answer.StatusCode/100 != 2 {
		defer func() { _ = answer.Body.Close() }()
		return nil, p.refusal(ctx, r, answer)
	}
	if p.noise != nil {
		p.noise.Forget() // else its silence, which means that all is well, would show it
	}
	return answer, nil
}
