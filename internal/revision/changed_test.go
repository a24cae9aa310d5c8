package revision

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChanged(t *testing.T) {
	t.Parallel()
	for name, kind := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, name)
			c.place(hardTree(kind))
			c.place(Tree{
				"same": {Data: []byte("1")}, "bytes": {Data: []byte("1")}, "mode": {Data: []byte("1")},
				"link": {Link: "same"}, "file, then link": {Data: []byte("same")}, "gone": {Data: []byte("1")},
				"file, then folder": {Data: []byte("1")}, "folder, then file/x": {Data: []byte("1")}, "moved": {Data: []byte("2")},
			})
			from := c.commit("from")
			require.NoError(t, os.Remove(filepath.Join(c.dir, "gone")))
			require.NoError(t, os.Rename(filepath.Join(c.dir, "moved"), filepath.Join(c.dir, "moved here")))
			require.NoError(t, os.Remove(filepath.Join(c.dir, "file, then folder")))
			require.NoError(t, os.RemoveAll(filepath.Join(c.dir, "folder, then file")))
			if kind == Mercurial { // or it would take the name for that of the folder
				c.do("remove", "--after", "folder, then file/x", "file, then folder")
			}
			c.place(Tree{
				"bytes": {Data: []byte("2")}, "mode": {Data: []byte("1"), Executable: true}, "link": {Link: "bytes"},
				"file, then link": {Link: "same"}, "file, then folder/x": {Data: []byte("1")}, "folder, then file": {Data: []byte("1")},
				"latin\xe9": {Data: []byte("2")}, `back\nslash`: {Data: []byte("2")}, "new \xff": {Data: []byte("2")}, "-new": {Data: []byte("2")},
			})
			want := []string{"-new", `back\nslash`, "bytes", "file, then folder/x", "file, then link", "folder, then file",
				"latin\xe9", "link", "mode", "moved here", "new \xff"}
			if kind == Git {
				c.place(Tree{"line\nend": {Data: []byte("2")}})
				want = append(want[:7], append([]string{"line\nend"}, want[7:]...)...)
			}
			to := c.commit("to")

			repository := c.open()
			changed, removed, err := repository.Changed(t.Context(), from, to)
			require.NoError(t, err)
			assert.Equal(t, want, changed)
			assert.Equal(t, []string{"file, then folder", "folder, then file/x", "gone", "moved"}, removed)

			changed, removed, err = repository.Changed(t.Context(), to, to)
			require.NoError(t, err)
			assert.Empty(t, changed)
			assert.Empty(t, removed)
		})
	}
}

// What Changed lists takes the tree of one commit to that of the other.
func TestChangedLeadsFromTreeToTree(t *testing.T) {
	t.Parallel()
	for name := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, name)
			c.place(Tree{"a": {Data: []byte("1")}, "b/c": {Data: []byte("1")}, "d": {Link: "a"}})
			first := c.commit("first")
			require.NoError(t, os.Remove(filepath.Join(c.dir, "d")))
			c.place(Tree{"a": {Data: []byte("1"), Executable: true}, "b/e": {Data: []byte("1")}})
			second := c.commit("second")

			repository := c.open()
			for _, way := range [][2]string{{first, second}, {second, first}} {
				before, err := repository.Files(t.Context(), Revision{ID: way[0]}, nil, Limit{})
				require.NoError(t, err)
				after, err := repository.Files(t.Context(), Revision{ID: way[1]}, nil, Limit{})
				require.NoError(t, err)
				changed, removed, err := repository.Changed(t.Context(), way[0], way[1])
				require.NoError(t, err)
				for _, path := range removed {
					delete(before, path)
				}
				for _, path := range changed {
					before[path] = after[path]
				}
				assert.Equal(t, after, before)
			}
		})
	}
}

func TestChangedRefusals(t *testing.T) {
	t.Parallel()
	for name := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, name)
			c.write("a", "1")
			id := c.commit("one")
			repository := c.open()
			for _, missing := range []string{strings.Repeat("12", 20), strings.Repeat("0", 40), strings.Repeat("f", 40)} {
				for _, way := range [][2]string{{missing, id}, {id, missing}} {
					_, _, err := repository.Changed(t.Context(), way[0], way[1])
					var unknown *UnknownError
					require.ErrorAs(t, err, &unknown)
					assert.Equal(t, missing, unknown.Name)
				}
			}
			for _, name := range []string{"", id[:12], "--config=alias.status=!id", "HEAD"} {
				_, _, err := repository.Changed(t.Context(), name, id)
				var refused *NameError
				require.ErrorAs(t, err, &refused)
			}
		})
	}
}
