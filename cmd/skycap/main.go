// Command skycap deploys revisions to Kubernetes and to hosts.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/skycap/skycap/internal/cli"
)

var version = "" // set by the linker

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, version, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}
