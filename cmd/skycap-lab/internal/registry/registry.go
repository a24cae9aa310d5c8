// Package registry is the lab's image registry: go-containerregistry's, with its
// manifests kept on disk beside the blobs, so that it survives a restart.
package registry

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Daemon is the registry as a component: this program, run as a hidden command.
func Daemon(dir state.Dir, s state.Settings) process.Daemon {
	return process.Daemon{
		Name:    "registry",
		Argv:    []string{dir.Self(), "registry", "--state=" + string(dir), "--listen=" + s.Address("registry")},
		Address: "http://" + s.Registry(),
		Ready:   process.AnswersHTTP("http://" + s.Address("registry") + "/v2/"),
	}
}

// Serve answers on the address until the context ends.
func Serve(ctx context.Context, dir state.Dir, address string) error {
	handler, err := open(ctx, dir)
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
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func open(ctx context.Context, dir state.Dir) (http.Handler, error) {
	if err := os.MkdirAll(dir.Registry("blobs"), 0o700); err != nil {
		return nil, err
	}
	inner := registry.New(
		registry.WithBlobHandler(registry.NewDiskBlobHandler(dir.Registry("blobs"))),
		registry.Logger(log.New(io.Discard, "", 0)),
	)
	kept := &manifests{dir: dir.Registry("manifests"), inner: inner}
	return kept, kept.replay(ctx)
}
