// Package noisy is the lab's cluster as an old or badly run one shows itself: a proxy
// before the API server that speaks discovery worse, and a credential plugin that chatters.
// What real kubectl says of that on stderr is what Skycap must keep off people's screens.
//
// An APIService of the cluster's own that is down would make noise too, but for all who use
// the lab; and namespaces could not be deleted while it is. So the cluster has none:
// only who comes through the proxy sees it.
package noisy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Component is the proxy's name, and that of its port.
const Component = "noisy-apiserver"

// Daemon is the proxy as a component: this program, run as a hidden command. It is ready
// when the API server behind it is.
func Daemon(dir state.Dir, s state.Settings) process.Daemon {
	address := "https://" + s.Address(Component)
	return process.Daemon{
		Name:    Component,
		Argv:    []string{dir.Self(), Component, "--state=" + string(dir), "--listen=" + s.Address(Component)},
		Address: address,
		Ready:   process.AnswersHTTP(address + "/readyz"),
	}
}

// Serve answers on the address until the context ends, with the API server's own
// certificate: who trusts the cluster trusts the proxy.
func Serve(ctx context.Context, dir state.Dir, address string) error {
	s, err := dir.Load()
	if err != nil {
		return err
	}
	handler, err := open(dir, s)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() {
		server.Close() //nolint:errcheck // each request that is cut off is repeated by its client
	})
	defer stop()
	err = server.ServeTLS(listener, dir.Cluster("apiserver.crt"), dir.Cluster("apiserver.key"))
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func open(dir state.Dir, s state.Settings) (http.Handler, error) {
	authority, err := os.ReadFile(dir.Cluster("ca.crt"))
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("%q has no certificate", dir.Cluster("ca.crt"))
	}
	behind := &url.URL{Scheme: "https", Host: s.Address("kube-apiserver")}
	return discovery(&httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(behind) },
		ModifyResponse: addGroups,
		FlushInterval:  -1, // watches never end
		Transport: &http.Transport{
			// Without HTTP/2, which can't be upgraded to the streams of exec and port-forward.
			TLSClientConfig:     &tls.Config{RootCAs: trusted},
			DisableCompression:  true, // what the client didn't ask for
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     time.Minute,
		},
	}), nil
}
