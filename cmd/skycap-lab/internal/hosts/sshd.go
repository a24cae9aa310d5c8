package hosts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// sshd is a host without a machine, see Serve.
func (f Fleet) sshd(h host) process.Daemon {
	return process.Daemon{
		Name: h.name,
		Argv: []string{f.Dir.Self(), "sshd", "--state=" + string(f.Dir), "--host=" + h.name, "--listen=" + net.JoinHostPort(h.address, h.port)},
	}
}

// sshdConfig leads each login to the host's folder. It has no systemd, no other users,
// and no place such as /srv.
func sshdConfig(dir state.Dir, name string) string {
	return fmt.Sprintf(`HostKey %s
AuthorizedKeysFile %s
AuthenticationMethods publickey
PidFile none
UsePAM no
StrictModes no
Subsystem sftp /usr/lib/openssh/sftp-server
ForceCommand cd %s && exec "${SHELL:-/bin/sh}" ${SSH_ORIGINAL_COMMAND:+-c "$SSH_ORIGINAL_COMMAND"}
`, quoted(dir.Host(name, "key")), quoted(dir.SSH("id_ed25519.pub")), shellQuoted(dir.Host(name, "home")))
}

// Serve accepts connections and runs an sshd for each, as this user. A listening sshd
// would not do: it writes over its own environment, which the lab finds its daemons by.
func Serve(ctx context.Context, dir state.Dir, name, listen string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { listener.Close() }) //nolint:errcheck // it is what ends the loop
	defer stop()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for {
		connection, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		sessions.Go(func() { serve(ctx, dir, name, connection) })
	}
}

// serve hands a connection to an sshd, which says in the host's log how it went.
func serve(ctx context.Context, dir state.Dir, name string, connection net.Conn) {
	defer connection.Close() //nolint:errcheck // sshd has a copy, and closes it
	socket, err := connection.(*net.TCPConn).File()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer socket.Close() //nolint:errcheck // likewise
	sshd := exec.CommandContext(ctx, sshdProgram, "-i", "-e", "-f", dir.Host(name, "sshd_config"))
	sshd.Stdin, sshd.Stdout, sshd.Stderr = socket, socket, os.Stderr
	var exit *exec.ExitError // sshd ends with 255 even when all is well, and has said how it went
	if err := sshd.Run(); err != nil && !errors.As(err, &exit) {
		fmt.Fprintf(os.Stderr, "a session on %q: %v\n", name, err)
	}
}

// sshdProgram is named by its whole path, as sshd itself demands.
const sshdProgram = "/usr/sbin/sshd"
