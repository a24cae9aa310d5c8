package cli

import (
	"strings"
	"testing"
)

func TestMainExplains(t *testing.T) {
	none := "--state=" + t.TempDir() + "/none"
	long := "--state=/" + strings.Repeat("a", 200)
	for name, test := range map[string]struct {
		args   []string
		code   int
		stderr []string
	}{
		"unknown flag":      {[]string{"up", "--nope"}, 2, []string{"error: unknown flag", "hint: skycap-lab --help"}},
		"unknown nodes":     {[]string{"up", "--nodes=many", none}, 2, []string{`error: --nodes "many"`}},
		"a state too long":  {[]string{"up", long}, 1, []string{"is 201 bytes long", "hint: use a shorter one"}},
		"env of no lab":     {[]string{"env", none}, 1, []string{"error: the lab is not up", "hint: skycap-lab up"}},
		"status of no lab":  {[]string{"status", none}, 1, []string{"error: the lab is not up"}},
		"sources elsewhere": {[]string{"up", none, "--source=/nowhere"}, 1, []string{`"/nowhere" has no folder`}},
		"down of no lab":    {[]string{"down", none}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			if code := Main(test.args, &stdout, &stderr); code != test.code {
				t.Errorf("exit %d, want %d\n%s", code, test.code, stderr.String())
			}
			for _, want := range test.stderr {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("stderr has no %q:\n%s", want, stderr.String())
				}
			}
		})
	}
}
