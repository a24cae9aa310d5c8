package revision

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLargefilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, extension := range map[string]string{"with the extension": "[extensions]\nlargefiles =\n", "without": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, Mercurial)
			c.write("config/web/a", "1")
			large := []string{"assets/a", "assets/b", "assets/c", "config/logo/x"}
			for _, path := range large {
				if extension == "" {
					path = ".hglf/" + path
				}
				c.write(path, "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12")
			}
			if extension != "" {
				require.NoError(t, os.WriteFile(filepath.Join(c.dir, ".hg", "hgrc"), []byte(extension), 0o600))
				c.do(append([]string{"add", "--large"}, large...)...)
			}
			revision := Revision{ID: c.commit("large")}
			repository := c.open()
			for want, paths := range map[string][][]string{
				`"config/logo/x"`: {{"config"}, {"config/logo/x"}, {"config/web", "config/logo"}},
				`"assets/a", "assets/b", "assets/c", and 1 more`: {nil, {"."}},
			} {
				for _, asked := range paths {
					for _, limit := range []Limit{{}, {Files: 1, Size: 1}} {
						_, err := repository.Files(t.Context(), revision, asked, limit)
						var refused *LargefilesError
						require.ErrorAs(t, err, &refused, asked)
						assert.Contains(t, err.Error(), "largefiles, which skycap doesn't read: "+want)
					}
				}
			}
			tree, err := repository.Files(t.Context(), revision, []string{"config/web", "absent"}, Limit{})
			require.NoError(t, err)
			assert.Equal(t, []string{"config/web/a"}, tree.Paths())
		})
	}
}
