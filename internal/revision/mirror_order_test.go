package revision

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Mercurial takes for tip and for a branch what came last. What was kept secret there comes
// to a mirror after what is newer.
func TestMirrorsTakeTheOrderOfWhatTheyMirror(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"file", "http", "ssh"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, Mercurial)
			c.write("a", "0")
			first := c.commit("first")
			head := func(content, branch string) string {
				c.do("update", "--quiet", first)
				c.do("branch", "--quiet", "--force", branch)
				c.write("a", content)
				c.do("commit", "--quiet", "--message="+content)
				return c.do("log", "--rev=.", "--template={node}")
			}
			secret := []string{head("1", "stable"), head("2", "ünstable"), head("3", "default")}
			for _, id := range secret {
				c.do("phase", "--secret", "--force", id)
			}
			stable, unstable, unstable2 := head("4", "stable"), head("5", "ünstable"), head("6", "ünstable")
			c.do("update", "--quiet", unstable2)
			c.do("commit", "--quiet", "--close-branch", "--message=closed")
			last := head("7", "default")
			from := elsewhere(t, Mercurial, serve(t, c, protocol), t.TempDir())
			want := map[string]string{"stable": stable, "ünstable": unstable, "default": last, "tip": last, "tip~1": first, "only(tip, stable)": last}
			for range 2 {
				mirror := openMirror(t, from)
				for name, id := range want {
					assert.Equal(t, id, resolved(t, mirror, name), name)
				}
				for _, id := range secret {
					c.do("phase", "--draft", id)
				}
			}

			c.do("commit", "--quiet", "--amend", "--message=anew")
			c.do("strip", "--config=extensions.strip=", "--no-backup", "--rev="+stable+"+"+unstable)
			mirror := openMirror(t, from)
			for name, id := range map[string]string{"stable": secret[0], "ünstable": secret[1], "tip": c.do("log", "--rev=tip", "--template={node}")} {
				assert.Equal(t, id, resolved(t, mirror, name), name)
			}
		})
	}
}
