package config

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skycap/skycap/internal/revision"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	file := func(text string) *revision.File { return &revision.File{Data: []byte(text)} }
	script := &revision.File{Data: []byte("a\n"), Executable: true}
	for name, test := range map[string]struct {
		old, updated *revision.File
		want         string
	}{
		"equal":       {file("a\n"), file("a\n"), ""},
		"changed":     {file("a\nb\n"), file("a\nc\n"), "--- old\n+++ new\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"},
		"added":       {nil, file("a\n"), "--- /dev/null\n+++ new\n@@ -0,0 +1,1 @@\n+a\n"},
		"removed":     {file("a\n"), nil, "--- old\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n"},
		"empty added": {nil, file(""), "--- /dev/null\n+++ new\n"},
		"no line end": {file("a"), file("a\n"), "--- old\n+++ new\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n"},
		"not text":    {file("\xff"), file("a\n"), "Binary files old and new differ\n"},
		"executable":  {file("a\n"), script, "old mode 100644\nnew mode 100755\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, Diff("old", test.old, "new", test.updated))
		})
	}
}
