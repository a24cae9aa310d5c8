package archive

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/revision"
)

func text(content string) revision.File { return revision.File{Data: []byte(content)} }

func commit() revision.Revision {
	return revision.Revision{ID: strings.Repeat("1a", 20), Date: time.Unix(1_700_000_000, 0)}
}

func TestCompose(t *testing.T) {
	t.Parallel()
	source := revision.Tree{
		"app": {Data: []byte("1"), Executable: true}, "config/web/a": text("layer"), "config/common/a": text("layer"),
		"configuration": text("stays"), "REVISION": {Link: "app"}, "lib/link": {Link: "../config"},
	}
	written := revision.Tree{"REVISION": text(commit().ID + "\n"), "REVISION_TIME": text("1700000000\n")}
	for name, test := range map[string]struct {
		path   string
		config revision.Tree
		want   revision.Tree
	}{
		"replaced": {"config", revision.Tree{"a": text("rendered"), "b/c": text("2")},
			revision.Tree{"app": source["app"], "config/a": text("rendered"), "config/b/c": text("2"),
				"configuration": source["configuration"], "lib/link": source["lib/link"]}},
		"nothing instead": {"config", nil,
			revision.Tree{"app": source["app"], "configuration": source["configuration"], "lib/link": source["lib/link"]}},
		"deeper": {"lib/etc/x", revision.Tree{"a": text("1")},
			revision.Tree{"app": source["app"], "config/web/a": text("layer"), "config/common/a": text("layer"),
				"configuration": source["configuration"], "lib/link": source["lib/link"], "lib/etc/x/a": text("1")}},
		"no configuration": {"", nil,
			revision.Tree{"app": source["app"], "config/web/a": text("layer"), "config/common/a": text("layer"),
				"configuration": source["configuration"], "lib/link": source["lib/link"]}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := copied(source)
			composed, err := Compose(source, commit(), Part{test.path, test.config})
			require.NoError(t, err)
			for name, file := range written {
				test.want[name] = file
			}
			assert.Equal(t, test.want, composed)
			assert.Equal(t, before, source, "the source stays as it was")
		})
	}
}

func TestComposeRefusals(t *testing.T) {
	t.Parallel()
	config := revision.Tree{"a": text("1")}
	for name, test := range map[string]struct {
		source, config revision.Tree
		path           string
		want           []string
	}{
		"whole":       {path: ".", config: config, want: []string{`path "." names the whole folder`}},
		"no path":     {path: "", config: config, want: []string{`path "" names the whole folder`}},
		"absolute":    {path: "/etc", config: config, want: []string{`path "/etc" is absolute`}},
		"out":         {path: "a/../../etc", config: config, want: []string{`path "a/../../etc" has the segment ".."`}},
		"slash":       {path: "config/", config: config, want: []string{`path "config/" has the segment ""`}},
		"file":        {source: revision.Tree{"config": text("1")}, path: "config", config: config, want: []string{`path "config" is a file or link of the source`}},
		"link":        {source: revision.Tree{"config": {Link: "/etc"}}, path: "config", want: []string{`path "config" is a file or link of the source`}},
		"below link":  {source: revision.Tree{"a": {Link: "/etc"}}, path: "a/b/c", config: config, want: []string{`path "a/b/c" lies below "a"`}},
		"below file":  {source: revision.Tree{"a": text("1")}, path: "a/b", config: config, want: []string{`path "a/b" lies below "a"`}},
		"two config":  {path: "c", config: revision.Tree{"a": text("1"), "a/b": text("1")}, want: []string{`path "c/a/b" lies below "c/a"`}},
		"bad names":   {path: "c", config: revision.Tree{"../a": text("1"), "b/..": text("1")}, want: []string{`path "c/../a" has`, `path "c/b/.." has`}},
		"is REVISION": {path: "REVISION", config: config, want: []string{`path "REVISION/a" lies below "REVISION"`}},
		"has REVISION": {source: revision.Tree{"REVISION/x": text("1"), "REVISION_TIME/y": text("1")}, path: "c", config: config,
			want: []string{`path "REVISION/x" lies below "REVISION"`, `path "REVISION_TIME/y" lies below "REVISION_TIME"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			composed, err := Compose(test.source, commit(), Part{test.path, test.config})
			assert.Nil(t, composed)
			var refused *PathError
			require.ErrorAs(t, err, &refused)
			lines := strings.Split(err.Error(), "\n")
			require.Len(t, lines, len(test.want))
			for i, want := range test.want {
				assert.True(t, strings.HasPrefix(lines[i], want), lines[i])
			}
		})
	}
}
