package sshtest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Network is a port that leads to a server, over a line that may be slow or break.
type Network struct {
	Port int

	server   string
	delay    time.Duration
	up, down atomic.Int64
	accepted atomic.Int64
	resets   atomic.Int64

	mu     sync.Mutex
	frozen chan struct{} // closed when the line is frozen
	open   []net.Conn
}

// Dial makes a network before a server: each byte takes delay to arrive, each
// way, and the first resets connections are reset before the server sees them.
func Dial(t testing.TB, server *Server, delay time.Duration, resets int) *Network {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	n := &Network{
		Port: listener.Addr().(*net.TCPAddr).Port, delay: delay, frozen: make(chan struct{}),
		server: (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: server.Port}).String(),
	}
	n.resets.Store(int64(resets))
	t.Cleanup(func() {
		_ = listener.Close()
		n.Cut()
	})
	go n.accept(listener)
	return n
}

// Bytes are those that have gone up to the server, and down from it.
func (n *Network) Bytes() (up, down int64) { return n.up.Load(), n.down.Load() }

// Accepted is how many connections there have been.
func (n *Network) Accepted() int { return int(n.accepted.Load()) }

// Freeze drops all that is sent from now on, both ways, and ends nothing.
func (n *Network) Freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.frozen)
}

// Cut ends all connections.
func (n *Network) Cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, conn := range n.open {
		_ = conn.Close()
	}
	n.open = nil
}

func (n *Network) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		n.accepted.Add(1)
		if n.resets.Add(-1) >= 0 {
			_ = client.(*net.TCPConn).SetLinger(0)
			_ = client.Close()
			continue
		}
		server, err := net.Dial("tcp", n.server) //nolint:noctx // it ends with Cut
		if err != nil {
			_ = client.Close()
			continue
		}
		n.mu.Lock()
		n.open = append(n.open, client, server)
		n.mu.Unlock()
		go n.carry(server, client, &n.up)
		go n.carry(client, server, &n.down)
	}
}

// parcel is data and when it is due.
type parcel struct {
	data []byte
	due  time.Time
}

// carry takes bytes one way.
func (n *Network) carry(to, from net.Conn, count *atomic.Int64) {
	parcels := make(chan parcel, 1024)
	go func() {
		defer close(parcels)
		for {
			data := make([]byte, 32<<10)
			size, err := from.Read(data)
			if err != nil {
				return
			}
			count.Add(int64(size))
			parcels <- parcel{data[:size], time.Now().Add(n.delay)}
		}
	}()
	for parcel := range parcels {
		time.Sleep(time.Until(parcel.due))
		select {
		case <-n.frozen:
			_, _ = io.Discard.Write(parcel.data)
			continue
		default:
		}
		if _, err := to.Write(parcel.data); err != nil {
			break
		}
	}
	select {
	case <-n.frozen: // nobody hears of the end either
	default:
		_ = to.Close()
	}
	for range parcels { // so that the reader isn't held up
	}
}
