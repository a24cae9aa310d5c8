package revision

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSourceKeepsNoSecret(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://hg.example.com/shop":                            "https://hg.example.com/shop",
		"https://gitlab-ci-token:t0ken@example.com/shop.git?a=b": "https://example.com/shop.git",
		"https://t0ken@example.com/shop.git#x":                   "https://example.com/shop.git",
		"ssh://hg:secret@example.com//srv/shop":                  "ssh://hg@example.com//srv/shop",
		"git@example.com:shop/web.git":                           "git@example.com:shop/web.git",
		"/srv/shop":                                              "",
		"../shop":                                                "",
		`C:\shop`:                                                "",
		"file:///srv/shop":                                       "",
		"http://[::1":                                            "",
		"":                                                       "",
	} {
		assert.Equal(t, want, sourceOf(address), address)
	}
}

func TestSourceIsWhereTheRepositoryIsFrom(t *testing.T) {
	t.Parallel()
	for name, kind := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, name)
			c.write("a", "a")
			c.commit("a")
			source, err := c.open().Source(t.Context())
			require.NoError(t, err)
			assert.Empty(t, source, "it is from nowhere")

			if kind == Git {
				c.do("remote", "add", "origin", "https://ann:secret@example.com/shop")
			} else {
				hgrc := "[paths]\ndefault = https://ann:secret@example.com/shop\n"
				require.NoError(t, os.WriteFile(filepath.Join(c.dir, ".hg", "hgrc"), []byte(hgrc), 0o600))
			}
			source, err = c.open().Source(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "https://example.com/shop", source)
		})
	}
}
