package matrix

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wire is the way from a cell to its server, which can be cut.
type wire struct {
	address string // where it begins
	to      string

	mutex    sync.Mutex
	listener net.Listener // nil while it is cut
	open     []net.Conn
}

// The ports where wires begin: not of those that systems give to connections, so that
// none is taken while its wire is cut.
const firstPort, lastPort = 20000, 30000

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	w := &wire{to: to}
	require.Eventually(t, func() bool {
		w.address = fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(lastPort-firstPort))
		return w.listen() == nil
	}, patience, time.Millisecond)
	t.Cleanup(w.cut)
	return w
}

// mend lets through what comes. It may be done twice.
func (w *wire) mend(t *testing.T) {
	t.Helper()
	require.NoError(t, w.listen())
}

func (w *wire) listen() error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.listener != nil {
		return nil
	}
	listener, err := net.Listen("tcp", w.address)
	if err != nil {
		return err
	}
	w.listener = listener
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			w.carry(in)
		}
	}()
	return nil
}

// cut ends all that goes over the wire; until it is mended, connections are refused.
func (w *wire) cut() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.listener == nil {
		return
	}
	_ = w.listener.Close()
	for _, connection := range w.open {
		_ = connection.Close()
	}
	w.listener, w.open = nil, nil
}

// carry connects what has come in to the server.
func (w *wire) carry(in net.Conn) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	out, err := net.Dial("tcp", w.to)
	if err != nil || w.listener == nil {
		_ = in.Close()
		if err == nil {
			_ = out.Close()
		}
		return
	}
	w.open = append(w.open, in, out)
	for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
		go func() {
			_, _ = io.Copy(way[1], way[0]) // it ends when either end is closed
			_, _ = way[0].Close(), way[1].Close()
		}()
	}
}
