package revision

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// sessionTimeout bounds the whole life of one command server.
const sessionTimeout = time.Hour

// commandServer is one hg process that answers many commands over pipes, since
// each start of hg costs a tenth of a second. It starts at the first command.
// The protocol: https://wiki.mercurial-scm.org/CommandServer.
type commandServer struct {
	runner run.Runner
	root   string

	mutex  sync.Mutex // one command at a time
	stop   context.CancelFunc
	ended  chan error
	input  *os.File
	output *bufio.Reader
	stderr *bytes.Buffer
}

func newCommandServer(runner run.Runner, root string) *commandServer {
	return &commandServer{runner: runner, root: root}
}

// hgError is a Mercurial command that ended with another status than 0.
type hgError struct {
	args   []string
	status int32
	stderr string
}

func (e *hgError) Error() string {
	return fmt.Sprintf("hg %s ended with status %d: %s", e.args[0], e.status, e.detail())
}

// detail is what Mercurial said, without the word that starts each failure.
func (e *hgError) detail() string {
	text, _, _ := strings.Cut(strings.TrimSpace(e.stderr), "\n")
	return strings.TrimPrefix(text, "abort: ")
}

// run runs one command and returns its stdout. It returns an *hgError for a
// status other than 0.
func (s *commandServer) run(ctx context.Context, args ...string) ([]byte, error) {
	var stdout bytes.Buffer
	err := s.runInto(ctx, &stdout, args...)
	return stdout.Bytes(), err
}

// runInto is run with a writer for stdout, which must take all that comes.
func (s *commandServer) runInto(ctx context.Context, stdout io.Writer, args ...string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.stop == nil {
		if err := s.start(ctx); err != nil {
			return err
		}
	}
	// A canceled context ends the server; reads from it then fail.
	defer context.AfterFunc(ctx, s.stop)()
	err := s.exchange(stdout, args)
	var failed *hgError
	if err != nil && !errors.As(err, &failed) {
		return s.lost(ctx, err)
	}
	return err
}

func (s *commandServer) start(ctx context.Context) error {
	// Pipes of the system, not io.Pipe: they break by themselves when hg dies.
	stdin, input, err := os.Pipe()
	if err != nil {
		return err
	}
	output, stdout, err := os.Pipe()
	if err != nil {
		return err
	}
	extension, err := filesExtension()
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(filepath.Dir(extension)) }() // hg has loaded it by its greeting
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop, s.input, s.output = stop, input, bufio.NewReader(output)
	s.stderr, s.ended = &bytes.Buffer{}, make(chan error, 1)
	go func() {
		err := s.runner.Run(life, run.Command{
			Name: "hg",
			// Options in one word each, so that no path can be taken for another
			// option, and before the command, as strictflags wants.
			Args: []string{"--cwd=" + s.root, "--repository=" + s.root, "--config=ui.interactive=false",
				"--config=extensions.skycap=" + extension, "serve", "--cmdserver=pipe"},
			Env:   append(unattended(), "HGENCODING=UTF-8"), // for texts; names of files are bytes
			Stdin: stdin, Stdout: stdout, Stderr: s.stderr,
			Timeout: sessionTimeout,
		})
		_ = stdout.Close()
		_ = stdin.Close()
		s.ended <- err
	}()
	if _, _, err := s.read(); err != nil { // the server's greeting
		return s.lost(ctx, err)
	}
	return nil
}

// lost says why the server no longer answers.
func (s *commandServer) lost(ctx context.Context, cause error) error {
	s.stop()
	ended := <-s.ended
	s.ended <- ended
	var missing *run.NotFoundError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(ended, &missing):
		return missing
	}
	said, _, _ := strings.Cut(strings.TrimSpace(s.stderr.String()), "\n")
	return fmt.Errorf("hg stopped answering: %w: %s", cause, strings.TrimPrefix(said, "abort: "))
}

func (s *commandServer) exchange(stdout io.Writer, args []string) error {
	request := []byte("runcommand\n")
	joined := strings.Join(args, "\x00")
	request = binary.BigEndian.AppendUint32(request, uint32(len(joined)))
	if _, err := s.input.Write(append(request, joined...)); err != nil {
		return err
	}
	var stderr bytes.Buffer
	for {
		channel, data, err := s.read()
		if err != nil {
			return err
		}
		switch channel {
		case 'o':
			if _, err := stdout.Write(data); err != nil {
				return err
			}
		case 'e':
			stderr.Write(data)
		case 'r':
			if status := int32(binary.BigEndian.Uint32(data)); status != 0 {
				return &hgError{args: args, status: status, stderr: stderr.String()}
			}
			return nil
		case 'I', 'L': // it asks for input: there is none
			if _, err := s.input.Write(make([]byte, 4)); err != nil {
				return err
			}
		}
	}
}

// read takes one message. For the input channels the length is what the server
// would accept, and no data follows.
func (s *commandServer) read() (channel byte, data []byte, err error) {
	var header [5]byte
	if _, err := io.ReadFull(s.output, header[:]); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(header[1:])
	if header[0] == 'I' || header[0] == 'L' {
		return header[0], nil, nil
	}
	data = make([]byte, length)
	_, err = io.ReadFull(s.output, data)
	return header[0], data, err
}

// close ends the server, if it was started, and waits for its end.
func (s *commandServer) close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.stop == nil {
		return
	}
	_ = s.input.Close() // end of input: the server leaves by itself
	select {
	case ended := <-s.ended:
		s.ended <- ended
	case <-time.After(time.Second):
	}
	s.stop()
}
