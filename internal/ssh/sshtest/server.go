// Package sshtest gives tests a real sshd on a loopback port, an ssh
// configuration that leads to it, and a network between them that can be bad.
package sshtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// Server is an sshd that ends with its test. Who may log in is who runs the test.
type Server struct {
	Port    int
	User    string
	folder  string
	stop    context.CancelFunc
	stopped chan struct{}
}

// startDeadline is what an sshd gets to listen.
const startDeadline = 20 * time.Second

// Start starts an sshd, with lines of sshd_config that come before its own, so
// that they win. The test is skipped where there is no sshd, but fails if CI is set.
func Start(t testing.TB, lines ...string) *Server {
	t.Helper()
	sshd := program(t)
	s := &Server{User: userName(t), folder: t.TempDir()}
	key(t, filepath.Join(s.folder, "host"))
	key(t, filepath.Join(s.folder, "client"))
	copyFile(t, filepath.Join(s.folder, "client.pub"), filepath.Join(s.folder, "authorized"))
	if os.Getuid() == 0 {
		must(t, os.MkdirAll("/run/sshd", 0o755)) // where sshd of root locks its children in
	}
	for range 5 { // another may take the port before sshd does
		s.Port = freePort(t)
		if s.listen(t, sshd, lines) {
			t.Cleanup(s.Stop)
			return s
		}
	}
	t.Fatalf("sshd does not start: %s", s.Log())
	return nil
}

// listen starts sshd and tells whether it came to listen.
func (s *Server) listen(t testing.TB, sshd string, lines []string) bool {
	t.Helper()
	config := filepath.Join(s.folder, "sshd_config")
	must(t, os.WriteFile(config, []byte(s.config(lines)), 0o600))
	must(t, os.WriteFile(s.log(), nil, 0o600))
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.stopped = stop, make(chan struct{})
	stopped := s.stopped
	go func() {
		defer close(stopped)
		_ = run.Local{}.Run(ctx, run.Command{ // how it ended is in its log
			Name: sshd, Args: []string{"-D", "-f", config, "-E", s.log()}, Timeout: time.Hour,
		})
	}()
	for deadline := time.Now().Add(startDeadline); time.Now().Before(deadline); {
		if strings.Contains(s.Log(), "Server listening on") {
			return true
		}
		select {
		case <-stopped:
			return false
		case <-time.After(5 * time.Millisecond):
		}
	}
	s.Stop()
	return false
}

func (s *Server) config(lines []string) string {
	own := []string{
		fmt.Sprintf("ListenAddress 127.0.0.1:%d", s.Port),
		"HostKey " + filepath.Join(s.folder, "host"),
		"AuthorizedKeysFile " + filepath.Join(s.folder, "authorized"),
		"PidFile none", "LogLevel VERBOSE", "StrictModes no", "UsePAM no", "PermitRootLogin yes",
		"PasswordAuthentication no", "KbdInteractiveAuthentication no", "PrintMotd no", "AcceptEnv LC_*", "UseDNS no",
		"SetEnv HOME=" + s.folder, // the user's own .bashrc is none of the test's
	}
	return strings.Join(append(lines, own...), "\n") + "\n"
}

func (s *Server) log() string { return filepath.Join(s.folder, "log") }

// Log is what sshd has logged, at level VERBOSE.
func (s *Server) Log() string {
	text, _ := os.ReadFile(s.log())
	return string(text)
}

// Stop ends sshd, and the sessions that it serves.
func (s *Server) Stop() {
	s.stop()
	<-s.stopped
}

// Fingerprint is that of the host key, as ssh prints it.
func (s *Server) Fingerprint(t testing.TB) string {
	t.Helper()
	var out bytes.Buffer
	keygen(t, &out, "-l", "-f", filepath.Join(s.folder, "host.pub"))
	return strings.Fields(out.String())[1]
}

// hostKey is the host key as known_hosts has it, without the names.
func (s *Server) hostKey(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, "host.pub"))
	must(t, err)
	return strings.TrimSpace(string(text))
}

// program is the path of sshd, which only starts by an absolute one.
func program(t testing.TB) string {
	t.Helper()
	for _, folder := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin") {
		path := filepath.Join(folder, "sshd")
		if info, err := os.Stat(path); err == nil && !info.IsDir() && filepath.IsAbs(path) {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("CI runs this test: it needs sshd")
	}
	t.Skip("needs sshd")
	return ""
}

func userName(t testing.TB) string {
	t.Helper()
	current, err := user.Current()
	must(t, err)
	return current.Username
}

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

func key(t testing.TB, file string) {
	t.Helper()
	keygen(t, nil, "-q", "-t", "ed25519", "-N", "", "-C", "sshtest", "-f", file)
}

func keygen(t testing.TB, out *bytes.Buffer, args ...string) {
	t.Helper()
	command := run.Command{Name: "ssh-keygen", Args: args}
	if out != nil {
		command.Stdout = out
	}
	must(t, run.Local{}.Run(t.Context(), command))
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	must(t, errors.Join(err, os.WriteFile(to, text, 0o600)))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
