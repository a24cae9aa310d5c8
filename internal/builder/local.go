package builder

import (
	"net"
	"strings"
)

// isLocal tells whether a reference is one of a registry on this machine, which needs
// no TLS: docker thinks so by itself.
func isLocal(reference string) bool {
	host, _, isElsewhere := strings.Cut(reference, "/")
	if !isElsewhere {
		return false
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	address := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || address != nil && address.IsLoopback()
}
