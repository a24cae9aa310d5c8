package cli

import (
	"strings"
	"testing"
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
