package revision

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckLinks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tree Tree
		out  []string // the links that lead out
	}{
		"none":           {tree: Tree{"a": {Data: []byte("/etc")}}},
		"beside":         {tree: Tree{"a/b": {Link: "c"}}},
		"up, but inside": {tree: Tree{"a/b/c": {Link: "../../d"}}},
		"the root":       {tree: Tree{"a/b": {Link: ".."}}},
		"dangling":       {tree: Tree{"a": {Link: "nowhere/at/all"}}},
		"loop":           {tree: Tree{"a": {Link: "b"}, "b": {Link: "a"}}},
		"dots in names":  {tree: Tree{"a": {Link: "..b/...c"}}},
		"absolute":       {tree: Tree{"a": {Link: "/etc/passwd"}}, out: []string{"a"}},
		"upwards":        {tree: Tree{"a/b": {Link: "../../etc"}}, out: []string{"a/b"}},
		"out and in":     {tree: Tree{"a": {Link: "../tree/b"}}, out: []string{"a"}},
		"down and out":   {tree: Tree{"a": {Link: "b//./c/../../../d"}}, out: []string{"a"}},
		"all faults":     {tree: Tree{"b": {Link: "/"}, "a": {Link: ".."}, "c": {Link: "a"}}, out: []string{"a", "b", "c"}},
		"through a link that leads up": {
			// As text "root/../x" is "a/b/x"; for the system it lies beside the tree.
			tree: Tree{"a/b/root": {Link: "../.."}, "a/b/out": {Link: "root/../x"}}, out: []string{"a/b/out"},
		},
		"through a link that leads down": {
			tree: Tree{"down": {Link: "a/b"}, "in": {Link: "down/../x"}, "a/b/f": {}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out []string
			if err := test.tree.CheckLinks(); err != nil {
				joined, ok := err.(interface{ Unwrap() []error })
				require.True(t, ok)
				for _, fault := range joined.Unwrap() {
					var link *LinkError
					require.ErrorAs(t, fault, &link)
					assert.Equal(t, test.tree[link.Path].Link, link.Link)
					out = append(out, link.Path)
				}
			}
			assert.Equal(t, test.out, out)
		})
	}
}
