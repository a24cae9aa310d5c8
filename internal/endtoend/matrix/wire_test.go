package matrix

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// wire is the way from a cell to its server, which can be cut.
type wire struct {
	address string // where it begins
	to      string

	mutex sync.Mutex
	isCut bool
	open  []net.Conn
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{address: listener.Addr().String(), to: to}
	t.Cleanup(func() {
		w.cut()
		require.NoError(t, listener.Close())
	})
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			w.carry(connection)
		}
	}()
	return w
}

// carry connects what has come in to the server, unless the wire is cut.
func (w *wire) carry(in net.Conn) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	out, err := net.Dial("tcp", w.to)
	if err != nil || w.isCut {
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

// cut ends all that goes over the wire, and lets nothing through until it is mended.
func (w *wire) cut() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, connection := range w.open {
		_ = connection.Close()
	}
	w.open, w.isCut = nil, true
}

func (w *wire) mend() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.isCut = false
}
