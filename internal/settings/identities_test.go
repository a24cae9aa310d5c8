package settings

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIdentityFiles(t *testing.T) {
	file := userHome(t, "identities: [~/keys, /etc/keys]\n")
	config := filepath.Dir(filepath.Dir(file))
	home := filepath.Dir(config)
	t.Setenv("SOPS_AGE_KEY_FILE", "")
	t.Setenv("SKYCAP_IDENTITIES", "")
	files := func() []string {
		u, err := LoadUser(userFlags(t))
		require.NoError(t, err)
		return u.IdentityFiles()
	}
	assert.Equal(t, []string{home + "/keys", "/etc/keys"}, files())
	t.Setenv("SKYCAP_IDENTITIES", "/a:/b")
	assert.Equal(t, []string{"/a", "/b"}, files(), "the variable beats the file")

	usual := (&User{}).IdentityFiles()
	assert.Equal(t, []string{
		config + "/skycap/identities", config + "/sops/age/keys.txt", home + "/.ssh/id_ed25519", home + "/.ssh/id_rsa",
	}, usual)
	t.Setenv("SOPS_AGE_KEY_FILE", "/run/keys")
	assert.Equal(t, "/run/keys", (&User{}).IdentityFiles()[1])
}
