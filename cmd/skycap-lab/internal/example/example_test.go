package example

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// root of the sources, seen from this package.
const root = "../../../.."

// The history must lead to what lies in configs/example, and its start must not.
func TestHistoryFitsTheExample(t *testing.T) {
	end, err := readFiles(root, "localhost:5000")
	if err != nil {
		t.Fatal(err)
	}
	version, err := readFiles(root, "localhost:5000")
	if err != nil {
		t.Fatal(err)
	}
	if err := version.rewind(history()); err != nil {
		t.Fatal(err)
	}
	if version.sum(nil) == end.sum(nil) {
		t.Error("taking the edits back changed nothing")
	}
	for _, c := range history() {
		for _, e := range c.edits {
			if err := version.apply(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	if version.sum(nil) != end.sum(nil) {
		t.Error("the edits don't lead to configs/example")
	}
}

func TestRegistryIsWrittenIntoTheExample(t *testing.T) {
	version, err := readFiles(root, "localhost:5000")
	if err != nil {
		t.Fatal(err)
	}
	if config := string(version["skycap.yaml"]); !strings.Contains(config, "image: localhost:5000/storefront/web") {
		t.Errorf("no image of the registry in:\n%s", config)
	}
}

// Two labs make the same commits; work in a repository is never thrown away.
func TestEnsure(t *testing.T) {
	needMercurial(t)
	s := state.Settings{Ports: map[string]int{"registry": 5000}}
	one, two := state.Dir(t.TempDir()), state.Dir(t.TempDir())
	ensure(t, one, s, "made in")
	ensure(t, two, s, "made in")
	ensure(t, one, s, "up to date")
	if a, b := changesets(t, one), changesets(t, two); strings.Join(a, " ") != strings.Join(b, " ") {
		t.Errorf("one has %q, the other %q", a, b)
	}

	s.Ports["registry"] = 5001
	ensure(t, one, s, "made anew")
	repo := repository(two.Repository())
	if _, err := repo.hg(t.Context(), "commit", "--config=hooks.commit.image=", "--config=ui.allowemptycommit=yes", "--message=mine", "--user=me"); err != nil {
		t.Fatal(err)
	}
	ensure(t, two, s, "kept")
}

// Only a commit that touches the image's inputs, or a merge, gives another image.
func TestStamp(t *testing.T) {
	needMercurial(t)
	dir := state.Dir(t.TempDir())
	ensure(t, dir, state.Settings{Ports: map[string]int{"registry": 5000}}, "made in")
	nodes := changesets(t, dir)
	b := Builder{Repository: dir.Repository()}
	for commit, want := range []int{0, 0, 2, 2, 2, 5} {
		if got, err := b.stamp(t.Context(), nodes[commit]); err != nil || got != nodes[want] {
			t.Errorf("commit %d: got %q, %v, want that of commit %d, %q", commit, got, err, want, nodes[want])
		}
	}
}

func TestBuildTakesFullHashesOnly(t *testing.T) {
	for _, node := range []string{"", "tip", "3f2c1a9b8d70", "--config=alias.log=!id", strings.Repeat("A", 40)} {
		if _, err := (Builder{}).Build(t.Context(), node); err == nil || !strings.Contains(err.Error(), "full hash") {
			t.Errorf("%q: got %v", node, err)
		}
	}
}

// needMercurial skips where there is none; CI must have it.
func needMercurial(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("hg"); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("CI runs this test: it needs Mercurial")
	}
	t.Skip("needs Mercurial: it makes the example's repository")
}

func ensure(t *testing.T, dir state.Dir, s state.Settings, want string) {
	t.Helper()
	source, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := Ensure(t.Context(), dir, s, source)
	if err != nil || !strings.HasPrefix(outcome, want) {
		t.Errorf("got %q, %v, want %q", outcome, err, want)
	}
}

func changesets(t *testing.T, dir state.Dir) []string {
	t.Helper()
	nodes, err := repository(dir.Repository()).changesets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}
