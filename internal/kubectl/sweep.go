package kubectl

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// proxyFolder is the pattern of the folders in which proxies listen.
const proxyFolder = "skycap-proxy-*"

// sweepAge is how old a folder must be to be swept: a younger one may belong to
// a proxy that is about to listen.
const sweepAge = time.Minute

// sweep removes the folders that a killed skycap left behind: those whose
// socket nobody listens on.
func sweep(ctx context.Context, now time.Time) {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), proxyFolder)) // the pattern is a good one
	for _, folder := range folders {
		info, err := os.Lstat(folder)
		if err != nil || !info.IsDir() || now.Sub(info.ModTime()) < sweepAge {
			continue
		}
		connection, err := (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(folder, "proxy"))
		if err == nil {
			_ = connection.Close()
		} else if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) {
			_ = os.RemoveAll(folder) // another user's stays: it can't be entered
		}
	}
}
