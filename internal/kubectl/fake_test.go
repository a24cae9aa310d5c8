package kubectl

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMain is kubectl itself when it is started under that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "kubectl" {
		os.Exit(fakeKubectl(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fakeKubectl is a "kubectl proxy" that answers every request with the
// arguments it was started with. The context says how it fails.
func fakeKubectl(args []string) int {
	var context, socket string
	for _, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--context="); ok {
			context = value
		}
		if value, ok := strings.CutPrefix(arg, "--unix-socket="); ok {
			socket = value
		}
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	switch context {
	case "gone":
		fmt.Fprint(os.Stderr, `error: context "gone" does not exist`) // no newline, as a program that is cut off
		return 1
	case "silent":
		return 0
	case "stuck":
		<-asked
		return 0
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	fmt.Println("Starting to serve on", socket)
	go func() {
		_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // a test's
			if context == "dies" {
				_ = listener.Close()
				fmt.Fprintln(os.Stderr, "error: You must be logged in to the server (the helper has crashed)")
				os.Exit(1)
			}
			if context == "chatters" {
				fmt.Fprintln(os.Stderr, outage)
			}
			_, _ = fmt.Fprintf(w, `{"host": %q, "args": %q, "kuberc": %q}`,
				r.Host, strings.Join(args, " "), cmp.Or(os.Getenv("KUBERC"), "unset"))
		}))
	}()
	<-asked
	return 0
}
