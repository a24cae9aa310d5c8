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

// longestParent is how long the path may be in which proxyFolder is made, in
// bytes: a socket's whole path is at most 103 bytes on macOS, 107 on Linux.
const longestParent = 70

// proxyParent is where the folders of proxies are made: the user's temporary
// folder, unless a socket's path would be too long there.
func proxyParent() string {
	if folder := os.TempDir(); len(folder) <= longestParent {
		return folder
	}
	if folder := os.Getenv("XDG_RUNTIME_DIR"); folder != "" && len(folder) <= longestParent {
		return folder
	}
	return "/tmp"
}

// sweepAge is how old a folder must be to be swept: a younger one may belong to
// a proxy that is about to listen.
const sweepAge = time.Minute

// sweep removes the folders that a killed skycap left behind: those whose
// socket nobody listens on.
func sweep(ctx context.Context, now time.Time) {
	folders, _ := filepath.Glob(filepath.Join(proxyParent(), proxyFolder)) // the pattern is a good one
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
