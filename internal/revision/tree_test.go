package revision

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// held reads paths of a tree in memory.
func held(tree Tree) func(paths []string) (Tree, error) {
	return func(paths []string) (Tree, error) {
		found := Tree{}
		for name, file := range tree {
			for _, path := range paths {
				if _, ok := From(path, name); ok {
					found[name] = file
				}
			}
		}
		return found, nil
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tree  Tree
		want  []string
		fault string
	}{
		"a folder beside, and its links": {
			tree: Tree{"l/a": {Link: "../m"}, "m/b": {Link: "c"}, "m/c": {}, "m/d": {Link: "../n"}, "n/e": {}},
			want: []string{"l/a/b", "l/a/c", "l/a/d/e"},
		},
		"itself": {
			tree: Tree{"l/a": {Link: "a"}}, fault: "leads nowhere",
		},
		"its folder": {
			tree: Tree{"l/a": {Link: "."}, "l/b": {Link: "."}}, fault: `link "l/a" to "." leads to a folder that it lies in`,
		},
		"the repository": {
			tree: Tree{"l/a": {Link: ".."}}, fault: `link "l/a" to ".." leads to a folder that it lies in`,
		},
		"each other's folder": {
			tree: Tree{"l/a": {Link: "../m"}, "m/b": {Link: "../l"}}, fault: `link "l/a/b" to "../../l" leads to a folder that it lies in`,
		},
		"many times many": {
			tree: multiplying(7, 10), fault: fmt.Sprintf("makes more than %d files of the tree", maxFollowed),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			followed, err := Follow([]string{"l"}, held(test.tree))
			if test.fault != "" {
				require.ErrorAs(t, err, new(*LinkError))
				require.ErrorContains(t, err, test.fault)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, followed.Paths())
		})
	}
}

// multiplying is a tree whose folders have so many links to the next each.
func multiplying(folders, links int) Tree {
	tree := Tree{}
	folder := "l"
	for i := range folders {
		for j := range links {
			tree[fmt.Sprintf("%s/%d", folder, j)] = File{Link: fmt.Sprintf("../f%d", i)}
		}
		folder = fmt.Sprintf("f%d", i)
	}
	tree[folder+"/end"] = File{}
	return tree
}
