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
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// A command may take as long as a transfer. A server lives twice as long: one that has
// less left is replaced, so a deploy may wait as long as it likes.
const (
	commandTimeout = transferTimeout
	serverTimeout  = 2 * commandTimeout
)

// commandServer is one hg process that answers many commands over pipes, since
// each start of hg costs a tenth of a second. It starts at the first command.
// The protocol: https://wiki.mercurial-scm.org/CommandServer.
type commandServer struct {
	runner run.Runner
	root   string

	mutex  sync.Mutex         // one command at a time
	stop   context.CancelFunc // nil where no server runs
	since  time.Time
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
	if s.stop != nil && time.Since(s.since) > serverTimeout-commandTimeout {
		s.leave()
	}
	limited, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	if s.stop == nil {
		if err := s.start(limited); err != nil {
			return err
		}
	}
	// A canceled context ends the server; reads from it then fail.
	defer context.AfterFunc(limited, s.stop)()
	err := s.exchange(stdout, args)
	var failed *hgError
	if err == nil || errors.As(err, &failed) {
		return err
	}
	err = s.lost(ctx, err)
	if limited.Err() != nil && ctx.Err() == nil {
		err = &run.TimeoutError{Command: run.Command{Name: "hg", Args: args[:1]}, After: commandTimeout}
	}
	return err
}

func (s *commandServer) start(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "skycap-hg-")
	if err != nil {
		return fmt.Errorf("make a folder in %q, which TMPDIR may set: %w", os.TempDir(), err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // hg has loaded what is there by its greeting
	extended, err := writeExtensions(folder)
	if err != nil {
		return err
	}
	// Pipes of the system, not io.Pipe: they break by themselves when hg dies.
	stdin, input, err := os.Pipe()
	if err != nil {
		return err
	}
	output, stdout, err := os.Pipe()
	if err != nil {
		return err
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop, s.since, s.input, s.output = stop, time.Now(), input, bufio.NewReader(output)
	ended := make(chan error, 1)
	s.stderr, s.ended = &bytes.Buffer{}, ended
	go func() {
		err := s.runner.Run(life, run.Command{
			Name: "hg",
			// Options in one word each, so that no path can be taken for another
			// option, and before the command, as strictflags wants.
			Args: slices.Concat([]string{"--cwd=" + s.root, "--repository=" + s.root, "--config=ui.interactive=false"},
				extended, []string{"serve", "--cmdserver=pipe"}),
			Env:     append(unattended(), "HGENCODING=UTF-8"), // for texts; names of files are bytes
			Without: []string{"HGPLAINEXCEPT"},
			Stdin:   stdin, Stdout: stdout, Stderr: s.stderr,
			Timeout: serverTimeout,
		})
		_ = stdout.Close()
		_ = stdin.Close()
		ended <- err
		close(ended)
	}()
	defer context.AfterFunc(ctx, stop)()
	if _, _, err := s.read(); err != nil { // the server's greeting
		return s.lost(ctx, err)
	}
	return nil
}

// lost says why the server no longer answers.
func (s *commandServer) lost(ctx context.Context, cause error) error {
	s.stop()
	s.stop = nil // the next command starts another
	ended := <-s.ended
	var missing *run.NotFoundError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(ended, &missing):
		return missing
	}
	words := lastWords(s.stderr.String())
	if words == "" {
		return fmt.Errorf("hg stopped answering: %w", cause)
	}
	return fmt.Errorf("hg stopped answering: %w: %s", cause, words)
}

// lastWords is why hg gave up, of all that it said: a traceback says so at its end. That it
// was ended is no reason.
func lastWords(said string) string {
	said = strings.TrimSuffix(strings.TrimSpace(said), "killed!")
	if _, reason, ok := strings.Cut("\n"+said, "\nabort: "); ok {
		said, _, _ = strings.Cut(reason, "\n")
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
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
	if !strings.ContainsRune("oerdIL", rune(header[0])) {
		return 0, nil, &ChatterError{Said: string(header[:])}
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
	if s.stop != nil {
		s.leave()
	}
}

// leave ends the server that runs, and waits for its end.
func (s *commandServer) leave() {
	_ = s.input.Close() // end of input: the server leaves
	late := time.AfterFunc(time.Second, s.stop)
	for range s.ended { // until it is closed: how it ended concerns nobody
	}
	late.Stop()
	s.stop()
	s.stop = nil
}
