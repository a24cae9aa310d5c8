package toolchain

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFindSource(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"cmd/skycap-lab/toolchain", "docs/deep"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct{ flag, executable, workDir, want string }{
		"flag":                      {root, "/usr/bin/skycap-lab", "/", root},
		"flag that is wrong":        {"/nowhere", root + "/bin/skycap-lab", root, ""},
		"beside the program":        {"", root + "/bin/skycap-lab", "/", root},
		"above the working dir":     {"", "/usr/bin/skycap-lab", root + "/docs/deep", root},
		"neither one nor the other": {"", "/usr/bin/skycap-lab", "/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FindSource(test.flag, test.executable, test.workDir)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}
