// Command skycap deploys revisions to Kubernetes and to hosts.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/skycap/skycap/internal/cli"
)

var version = "" // set by the linker

func main() {
	collectLate()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, version, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}

// Of the collection of garbage: how much memory, in bytes, is used before the first, and
// how much more than is needed, in percent, before the next ones.
const (
	collectFrom    = 64 << 20
	collectPercent = 50
)

// collectLate lets garbage lie at first: most runs are over before it is worth a look, and
// would spend a tenth of their time on it. Those that need much get it back the sooner.
func collectLate() {
	debug.SetGCPercent(-1)
	unlimited := debug.SetMemoryLimit(collectFrom)
	runtime.AddCleanup(new([64]byte), func(limit int64) {
		debug.SetGCPercent(collectPercent)
		debug.SetMemoryLimit(limit)
	}, unlimited)
}
