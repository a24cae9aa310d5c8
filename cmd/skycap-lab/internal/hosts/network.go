package hosts

import (
	"context"
	"fmt"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/bridge"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// bridgeName fits the kernel's 15 bytes.
func bridgeName(dir state.Dir) string { return "skyhost" + dir.ID() }

// machineName is unique among all labs of this machine: it names the host's end of the
// network as well, which fits the kernel's 15 bytes.
func machineName(dir state.Dir, n int) string { return fmt.Sprintf("%s-%d", dir.ID(), n) }

// portName is what systemd-nspawn calls the interface that it plugs into the bridge.
func portName(machine string) string { return "vb-" + machine }

// ensureBridge makes sure that this machine is in the hosts' network. Nothing is
// masqueraded: they reach this machine and each other, so the firewall needs no rule.
func (f Fleet) ensureBridge(ctx context.Context) error {
	return bridge.Ensure(ctx, bridgeName(f.Dir), f.Settings.Subnet+".1/24")
}

// networkConfig is the host's network as systemd-networkd reads it.
func networkConfig(address string) string {
	return fmt.Sprintf(`[Match]
Name=host0

[Network]
Address=%s/24
LinkLocalAddressing=no
IPv6AcceptRA=no
`, address)
}
