package state

import (
	"errors"
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	for name, test := range map[string]struct {
		flag string
		env  map[string]string
		want Dir
	}{
		"flag beats all":   {"/tmp/a", map[string]string{"SKYCAP_LAB_STATE": "/tmp/b"}, "/tmp/a"},
		"variable":         {"", map[string]string{"SKYCAP_LAB_STATE": "/tmp/b", "XDG_STATE_HOME": "/x"}, "/tmp/b"},
		"XDG":              {"", map[string]string{"XDG_STATE_HOME": "/x", "HOME": "/home/u"}, "/x/skycap-lab"},
		"home":             {"", map[string]string{"HOME": "/home/u"}, "/home/u/.local/state/skycap-lab"},
		"a system service": {"", nil, "/var/lib/skycap-lab"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Open(test.flag, func(name string) string { return test.env[name] })
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestOpenRefusesWhatSocketsCannotHave(t *testing.T) {
	_, err := Open("/"+strings.Repeat("a", maxDir), nil)
	var long *PathTooLongError
	if !errors.As(err, &long) {
		t.Errorf("got %v, want a PathTooLongError", err)
	}
	longest := Dir("/" + strings.Repeat("a", maxDir-1))
	if socket := longest.Path("etcd-peer.sock"); len(socket) >= 108 {
		t.Errorf("%d bytes are allowed, which makes a socket of %d", maxDir, len(socket))
	}
}

func TestSettleKeepsPorts(t *testing.T) {
	dir := Dir(t.TempDir())
	first, err := dir.Settle(Real, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	if first.Ports["a"] == first.Ports["b"] {
		t.Errorf("two components share a port: %v", first.Ports)
	}
	second, err := dir.Settle(Both, []string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	if second.Ports["a"] != first.Ports["a"] || second.Ports["b"] != first.Ports["b"] || second.Ports["c"] == 0 {
		t.Errorf("first %v, then %v", first.Ports, second.Ports)
	}
}

func TestLockWaitsItsTurn(t *testing.T) {
	dir := Dir(t.TempDir())
	unlock, err := dir.Lock(t.Context(), func() { t.Error("nobody has it") })
	if err != nil {
		t.Fatal(err)
	}
	unlock2, err := dir.Lock(t.Context(), unlock) // freed as soon as the second one says that it waits
	if err != nil {
		t.Fatal(err)
	}
	unlock2()
}
