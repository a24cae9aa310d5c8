package cli

import (
	"strings"
	"testing"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

func TestPrintEnv(t *testing.T) {
	var out strings.Builder
	if err := printEnv(&out, []variable{{"A", "/plain:/path"}, {"B", "it's two words"}}); err != nil {
		t.Fatal(err)
	}
	want := "A=/plain:/path\nB='it'\\''s two words'\nexport A B\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestVariables(t *testing.T) {
	dir := state.Dir("/lab")
	for _, test := range []struct {
		noisy bool
		want  string
	}{
		{false, "/lab/kubeconfig"},
		{true, "/lab/cluster/noisy.kubeconfig"},
	} {
		all := variables(dir, state.Settings{}, test.noisy)
		if want := (variable{"KUBECONFIG", test.want}); all[0] != want {
			t.Errorf("noisy %v: got %v, want %v", test.noisy, all[0], want)
		}
		if want := (variable{"SKYCAP_LAB_NOISY_KUBECONFIG", "/lab/cluster/noisy.kubeconfig"}); all[1] != want {
			t.Errorf("noisy %v: got %v, want %v", test.noisy, all[1], want)
		}
	}
}

func TestFirst(t *testing.T) {
	for _, test := range []struct{ path, want string }{
		{"/usr/bin:/bin", "/lab:/usr/bin:/bin"},
		{"/lab:/bin", "/lab:/bin"},
		{"/bin:/lab:/sbin", "/lab:/bin:/sbin"},
		{"", "/lab"},
	} {
		if got := first("/lab", test.path); got != test.want {
			t.Errorf("%q: got %q, want %q", test.path, got, test.want)
		}
	}
}
