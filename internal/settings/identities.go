package settings

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// IdentityFiles are the paths of the files that may hold the user's age identities:
// those that were chosen or, where none was, the usual places, SOPS's own among them.
func (u *User) IdentityFiles() []string {
	home, err := os.UserHomeDir()
	if len(u.Identities) == 0 && err == nil {
		folder := filepath.Dir(filepath.Dir(UserFile()))
		return []string{
			filepath.Join(folder, "skycap", "identities"),
			cmp.Or(os.Getenv("SOPS_AGE_KEY_FILE"), filepath.Join(folder, "sops", "age", "keys.txt")),
			filepath.Join(home, ".ssh", "id_ed25519"), filepath.Join(home, ".ssh", "id_rsa"),
		}
	}
	paths := slices.Clone(u.Identities)
	for i, path := range paths {
		if below, ok := strings.CutPrefix(path, "~/"); ok && err == nil {
			paths[i] = filepath.Join(home, below)
		}
	}
	return paths
}
