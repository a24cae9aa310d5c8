package node

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

func TestNetworkIsTheLabsOwn(t *testing.T) {
	range64 := netip.MustParsePrefix("10.64.0.0/10")
	seen := map[string]state.Dir{}
	for _, dir := range []state.Dir{"/tmp/a", "/tmp/b", "/root/.local/state/skycap-lab"} {
		if len(bridgeName(dir)) > 15 {
			t.Errorf("%q is longer than an interface's name can be", bridgeName(dir))
		}
		prefix, err := netip.ParsePrefix(subnet(dir))
		if err != nil || !range64.Overlaps(prefix) || prefix.Masked() != prefix {
			t.Errorf("%q: subnet %q, %v", dir, subnet(dir), err)
		}
		if other, ok := seen[subnet(dir)]; ok {
			t.Errorf("%q and %q share %q", dir, other, subnet(dir))
		}
		seen[subnet(dir)] = dir
		if !json.Valid([]byte(networkConfig(dir))) {
			t.Errorf("no JSON:\n%s", networkConfig(dir))
		}
	}
}
