package endtoend

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// secretsIn are the secrets that run on a host, by their paths, each with its mode.
func secretsIn(t *testing.T, host string) map[string]string {
	t.Helper()
	found := map[string]string{}
	link, err := os.Readlink(filepath.Join(host, "app", "current")) // it is as the host sees it
	require.NoError(t, err)
	root := filepath.Join(host, "app", "releases", filepath.Base(link), "secrets")
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		require.NoError(t, err)
		found[strings.TrimPrefix(path, root+"/")] = info.Mode().String() + " " + readFile(t, path)
		return nil
	}))
	return found
}

func TestSecretsOnHostsAreForTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	k := keep(t, s.checkout)
	s.edit("skycap.yaml", "    hosts:\n      deploy_to", "    secrets: {from: [sealed/common, \"sealed/{{ .Environment }}\"]}\n    hosts:\n      deploy_to")
	k.seal("sealed/common/password.age", "of all")
	k.seal("sealed/staging/password.age", canary)
	k.seal("sealed/staging/deep/token.age", canary)
	first := s.edition("one")
	k.ok("plan", first, "staging", "-v")
	k.ok("deploy", first, "staging", "-v", "-o", "json")
	for _, host := range s.hosts {
		assert.Equal(t, map[string]string{"password": "-rw------- " + canary, "deep/token": "-rw------- " + canary}, secretsIn(t, s.Folders[host]))
	}
	k.ok("deploy", first, "staging")
	require.Len(t, s.releases(), 1, "what is recorded of it is the same: there was nothing to do")

	s.hg("remove", "sealed/staging/deep/token.age")
	k.seal("sealed/staging/password.age", "another")
	second := s.edition("two")
	k.ok("config", "diff", second, "staging")
	k.ok("deploy", second, "staging", "-v")
	for _, host := range s.hosts {
		assert.Equal(t, map[string]string{"password": "-rw------- another"}, secretsIn(t, s.Folders[host]), "differences are sent, too")
	}
	k.ok("rollback", "staging", "-v", "-o", "json")
	k.ok("history", "staging", "-o", "json")
	for _, host := range s.hosts {
		assert.Equal(t, "-rw------- "+canary, secretsIn(t, s.Folders[host])["password"], "rolled back")
		assert.Empty(t, leakingFiles(t, filepath.Join(s.Folders[host], "app", ".skycap")), "neither in records nor in what is temporary")
	}
}
