package state

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// FreeSubnet returns the first three bytes of a network of 256 addresses, such as
// 10.128.0, in which no interface of this machine has one. It tries the folder's own
// first, so that two labs rarely meet.
func (d Dir) FreeSubnet() (string, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	return d.freeSubnet(func(subnet netip.Prefix) bool {
		for _, address := range addresses {
			if used, err := netip.ParsePrefix(address.String()); err == nil && subnet.Contains(used.Addr()) {
				return true
			}
		}
		return false
	})
}

// freeSubnet searches 10.128.0.0/24 … 10.191.255.0/24.
func (d Dir) freeSubnet(taken func(netip.Prefix) bool) (string, error) {
	const subnets = 64 * 256
	own, err := strconv.ParseUint(d.ID()[:4], 16, 16)
	if err != nil {
		return "", err
	}
	for i := range uint64(subnets) {
		n := (own + i) % subnets
		subnet := fmt.Sprintf("10.%d.%d", 128+n/256, n%256)
		if !taken(netip.MustParsePrefix(subnet + ".0/24")) {
			return subnet, nil
		}
	}
	return "", errors.New("no free network for hosts between 10.128.0.0 and 10.191.255.0")
}
