package matrix

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/version"

	"github.com/skycap/skycap/internal/kubectl"
)

// program is a kubectl at hand.
type program struct {
	name string // as in "v1.33.1": what it says of itself when it is asked for nothing else
	path string
}

// called are the names of kubectls.
var called = regexp.MustCompile(`^kubectl(\.1\.\d+)?$`)

// kubectls are those that are built, those on PATH, and those that lie beside these,
// by version, each version once.
func kubectls(t *testing.T, built string) []program {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(built, "v*"))
	require.NoError(t, err)
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		folders = append(folders, folder)
		if real, err := filepath.EvalSymlinks(filepath.Join(folder, "kubectl")); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	wanted := strings.Fields(os.Getenv("MATRIX_KUBECTLS"))
	found := map[string]program{}
	for _, folder := range folders {
		entries, _ := os.ReadDir(folder) // PATH may name folders that aren't there
		for _, entry := range entries {
			if !called.MatchString(entry.Name()) {
				continue
			}
			path := filepath.Join(folder, entry.Name())
			name := ownVersion(t, path)
			if _, isKnown := found[name]; !isKnown && (len(wanted) == 0 || slices.Contains(wanted, name)) {
				found[name] = program{name: name, path: path}
			}
		}
	}
	var programs []program
	for _, p := range found {
		programs = append(programs, p)
	}
	slices.SortFunc(programs, func(a, b program) int {
		first, _ := kubectl.MinorOf(a.name)
		second, _ := kubectl.MinorOf(b.name)
		return cmp.Or(cmp.Compare(first, second), cmp.Compare(a.name, b.name))
	})
	return programs
}

func ownVersion(t *testing.T, path string) string {
	t.Helper()
	stdout, err := exec.CommandContext(t.Context(), path, "version", "--client", "--output=json").Output()
	require.NoError(t, err, path)
	var answer struct{ ClientVersion version.Info }
	require.NoError(t, json.Unmarshal(stdout, &answer), path)
	return answer.ClientVersion.GitVersion
}

// buildSkycap builds the program that people start.
func buildSkycap(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "skycap")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "../../../cmd/skycap").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return binary
}

// folder is one that goes with the test, and whose path is short enough for sockets.
func folder(t *testing.T) string {
	t.Helper()
	made, err := os.MkdirTemp("", "matrix-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(made)) })
	return made
}

// write writes a file below a folder and returns its path.
func write(t *testing.T, folder, name, content string) string {
	t.Helper()
	file := filepath.Join(folder, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

// etcd is the one that was built.
func etcd(t *testing.T, built string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(built, "etcd-*", "server"))
	require.NoError(t, err)
	require.NotEmpty(t, found, fmt.Sprintf("no etcd in %q: make matrix builds it", built))
	return found[len(found)-1]
}
