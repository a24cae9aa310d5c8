package state

import (
	"fmt"
	"hash/fnv"
	"maps"
	"net"
)

// The range lies below the ports that kernels hand to outgoing connections, so
// that a port which was free at the first start is still free at the next.
const (
	lowestPort = 20000
	portRange  = 10000
)

// firstPort spreads labs over the range, so that two of them rarely meet.
func (d Dir) firstPort() int {
	h := fnv.New32a()
	h.Write([]byte(d))
	return lowestPort + int(h.Sum32()%portRange)
}

// freePorts returns known with a free loopback port for each name that has none.
func freePorts(known map[string]int, first int, names []string) (map[string]int, error) {
	ports := make(map[string]int, len(names))
	maps.Copy(ports, known)
	taken := map[int]bool{}
	for _, port := range ports {
		taken[port] = true
	}
	next := first
	for _, name := range names {
		if ports[name] != 0 {
			continue
		}
		for tried := 0; taken[next] || !isFree(next); tried++ {
			if tried == portRange {
				return nil, fmt.Errorf("no free port for %q between %d and %d", name, lowestPort, lowestPort+portRange-1)
			}
			next = lowestPort + (next-lowestPort+1)%portRange
		}
		ports[name], taken[next] = next, true
	}
	return ports, nil
}

func isFree(port int) bool {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return false
	}
	return l.Close() == nil
}
