package node

import (
	"fmt"

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
