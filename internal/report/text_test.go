package report

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNothingControlsTheTerminal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain äöü 漢字":                     "plain äöü 漢字",
		"\x1b[1;31mred\x1b[0m":             "red",
		"\x1b]0;title\x07a\x1b]8;;u\x1b\\": "a",
		"\x1bPdevice\x1b\\b\x1bc":          "b",
		"\x1b]0;no end":                    "0;no end",
		"\x1b\x1b[m[31mnested":             `\x1b[31mnested`,
		"a\nb\tc\r\nd\r\n":                 "a b c d",
		"over\rwritten\b\x00\x7f":          `over\x0dwritten\x08\x00\x7f`,
		"\u009b31m":                        `\x9b31m`,
		"\u202egnp.exe\u2066":              `\u202egnp.exe\u2066`,
		"a\u2028b":                         `a\u2028b`,
		"\xff\x9b":                         "\ufffd\ufffd",
	} {
		assert.Equal(t, want, clean(text))
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b[1mx\x1b]0;\x07")
	f.Fuzz(func(t *testing.T, text string) {
		for _, char := range clean(text) {
			if char < ' ' || char >= 0x7f && char <= 0x9f {
				t.Fatalf("%q has %q", clean(text), char)
			}
		}
	})
}

func TestCut(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "abc", cut("abc", 3))
	assert.Equal(t, "ab…", cut("abcd", 3))
	assert.Equal(t, "漢…", cut("漢字漢", 4))
	assert.Equal(t, "e\u0301…", cut("e\u0301fg", 2))
}

func TestFail(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	Fail(&b, false, "image \"a\" was not found\n\nimage \"b\x1b[2J\" was not found\n", []string{"to wait for it: skycap deploy tip staging --wait-image 10m"})
	assert.Equal(t, `skycap: error: image "a" was not found
skycap: error: image "b" was not found
skycap: hint: to wait for it: skycap deploy tip staging --wait-image 10m
`, b.String())
	b.Reset()
	Fail(&b, true, "no", []string{"yes"})
	assert.Equal(t, "skycap: \x1b[31merror:\x1b[0m no\nskycap: \x1b[36mhint:\x1b[0m yes\n", b.String())
}

func TestTable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, Table(&b, []string{"service", "state", "message"}, [][]string{
		{"web", "healthy", ""},
		{"a-long-worker", "degraded", "no\timage\n\x1b[2J"},
	}))
	assert.Equal(t, `SERVICE        STATE     MESSAGE
web            healthy
a-long-worker  degraded  no image
`, b.String())
}

func TestEncode(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	require.NoError(t, Encode(&b, map[string]any{"a": "<&>\x7f"}))
	assert.Equal(t, "{\n  \"a\": \"<&>\\u007f\"\n}\n", b.String())
	require.Error(t, Encode(&b, func() {}))
}

// env is an environment of names and values.
func env(values ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(values); i += 2 {
			if values[i] == name {
				return values[i+1]
			}
		}
		return ""
	}
}

func TestColor(t *testing.T) {
	t.Parallel()
	unset, noColor := env(), env("NO_COLOR", "1")
	assert.True(t, Color("always", false, noColor))
	assert.False(t, Color("never", true, unset))
	assert.True(t, Color("auto", true, unset))
	assert.False(t, Color("auto", false, unset))
	assert.False(t, Color("auto", true, noColor))
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	file, err := os.Create(t.TempDir() + "/file")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	assert.False(t, Terminal(file, env("TERM", "xterm")))

	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI runs this test: it needs a terminal:", err)
		}
		t.Skip("needs a terminal:", err)
	}
	defer func() { _ = terminal.Close() }()
	assert.True(t, Terminal(terminal, env("TERM", "xterm")))
	assert.False(t, Terminal(terminal, env("TERM", "dumb")))
	assert.False(t, Terminal(terminal, env("TERM", "xterm", "CI", "true")))
}
