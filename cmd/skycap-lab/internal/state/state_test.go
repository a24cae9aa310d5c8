package state

import (
	"errors"
	"net/netip"
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
	first, err := dir.Settle(Settings{Nodes: Real}, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	if first.Ports["a"] == first.Ports["b"] {
		t.Errorf("two components share a port: %v", first.Ports)
	}
	second, err := dir.Settle(Settings{Nodes: Both, Hosts: 2}, []string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := dir.Load(); err != nil || again.Nodes != Both || again.Hosts != 2 {
		t.Errorf("loaded %v, %v", again, err)
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

func TestSubnetsAreTheLabsOwn(t *testing.T) {
	none := func(netip.Prefix) bool { return false }
	seen := map[string]Dir{}
	for _, dir := range []Dir{"/tmp/a", "/tmp/b", "/root/.local/state/skycap-lab"} {
		subnet, err := dir.freeSubnet(none)
		if err != nil {
			t.Fatal(err)
		}
		prefix := netip.MustParsePrefix(subnet + ".0/24")
		if !netip.MustParsePrefix("10.128.0.0/10").Contains(prefix.Addr()) {
			t.Errorf("%q: %q is out of range", dir, subnet)
		}
		if other, ok := seen[subnet]; ok {
			t.Errorf("%q and %q share %q", dir, other, subnet)
		}
		seen[subnet] = dir
		next, err := dir.freeSubnet(func(p netip.Prefix) bool { return p == prefix })
		if err != nil || next == subnet {
			t.Errorf("%q is taken, and it chose %q, %v", subnet, next, err)
		}
	}
	if _, err := Dir("/tmp/a").freeSubnet(func(netip.Prefix) bool { return true }); err == nil {
		t.Error("it found a subnet although all are taken")
	}
}
