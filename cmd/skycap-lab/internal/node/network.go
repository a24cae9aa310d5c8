package node

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// bridgeName fits the kernel's 15 bytes.
func bridgeName(dir state.Dir) string { return "skycap" + dir.ID() }

// subnet is the pods' network, 10.64.0.0/24 … 10.127.255.0/24 by the folder's ID.
func subnet(dir state.Dir) string {
	var a, b byte
	fmt.Sscanf(dir.ID(), "%02x%02x", &a, &b) //nolint:errcheck // an ID is hex
	return fmt.Sprintf("10.%d.%d.0/24", 64+a%64, b)
}

// networkConfig joins the pods to a bridge that only this machine reaches: nothing
// is masqueraded, so the firewall needs no rule.
func networkConfig(dir state.Dir) string {
	return fmt.Sprintf(`{
  "cniVersion": "0.4.0",
  "name": %q,
  "plugins": [
    {
      "type": "bridge",
      "bridge": %q,
      "isGateway": true,
      "ipMasq": false,
      "hairpinMode": true,
      "ipam": {"type": "host-local", "subnet": %q, "routes": [{"dst": "0.0.0.0/0"}]}
    }
  ]
}
`, bridgeName(dir), bridgeName(dir), subnet(dir))
}

// removeBridge removes the bridge. The pods' ends of it go with their namespaces.
func removeBridge(ctx context.Context, dir state.Dir) error {
	name := bridgeName(dir)
	if _, err := os.Stat(filepath.Join("/sys/class/net", name)); err != nil {
		return nil //nolint:nilerr // it is not there, which is the aim
	}
	for _, veth := range ports(name) {
		// One that is gone already went with its namespace.
		process.Command{Argv: []string{"ip", "link", "delete", veth}}.Run(ctx) //nolint:errcheck // see above
	}
	_, err := process.Command{Argv: []string{"ip", "link", "delete", name}}.Run(ctx)
	return err
}

// ports lists the interfaces that are plugged into a bridge.
func ports(bridge string) []string {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var names []string
	for _, i := range interfaces {
		if _, err := os.Lstat(filepath.Join("/sys/class/net", bridge, "brif", i.Name)); err == nil {
			names = append(names, i.Name)
		}
	}
	return names
}
