package archive

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/revision"
)

// need skips where a program is missing, but not in CI.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", program)
		}
		t.Skipf("%s is not installed", program)
	}
}

// unpacked is a folder that GNU tar made of the tree, as a host would.
func unpacked(t *testing.T, tree revision.Tree, umask string) string {
	t.Helper()
	need(t, "sh", "tar", "sha256sum")
	packed, err := Pack(tree, nil, commitTime)
	require.NoError(t, err)
	folder := t.TempDir()
	unpack := exec.CommandContext(t.Context(), "sh", "-c", "umask "+umask+"; LC_ALL=C tar -xzf - --no-same-owner --no-same-permissions")
	unpack.Dir, unpack.Stdin = folder, bytes.NewReader(packed)
	out, err := unpack.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out), "tar has something to say")
	return folder
}

// onHost is what the script prints in a folder.
func onHost(t *testing.T, shell, folder string, environment ...string) string {
	t.Helper()
	need(t, shell)
	command := exec.CommandContext(t.Context(), shell, "-c", ManifestScript)
	command.Dir, command.Env = folder, append(os.Environ(), environment...)
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	require.NoError(t, err, stderr.String())
	require.Empty(t, stderr.String())
	return string(out)
}

// hardTree has all that one of the programs could take for something else.
func hardTree() revision.Tree {
	tree := revision.Tree{
		"empty": {Data: []byte{}}, "bytes": {Data: []byte("\x00\xff\r\n")}, "-rf": {Data: []byte("1")}, "--help": {Data: []byte("1"), Executable: true},
		"-folder/--checkpoint-action=exec=sh": {Data: []byte("1")}, "link": {Link: "empty"}, "link to folder": {Link: "-folder"},
		"link absolute": {Link: "/etc"}, "link out": {Link: "../../x"}, "link dangling": {Link: "no\nwhere\\"},
		"link long": {Link: strings.Repeat("\xe9", 300)}, "a/" + strings.Repeat("b", 200) + "/" + strings.Repeat("\xff", 200): {Data: []byte("1")},
		"REVISION": {Data: []byte("1\n")}, ".hidden": {Data: []byte("1")}, "..two/...": {Data: []byte("1")},
	}
	for _, letter := range []byte(letters + "@+:=,{}()^") {
		for _, name := range []string{"at end%c", "%cat start", "in %c middle", "folder%c/x", "twice %[1]c%[1]cx"} {
			name = strings.ReplaceAll(name, "%c", string([]byte{letter}))
			name = strings.ReplaceAll(name, "%[1]c", string([]byte{letter}))
			tree[name] = revision.File{Data: []byte(name), Executable: letter%2 == 0}
		}
	}
	return tree
}

func TestHostsComputeTheSameManifest(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"dash", "bash"} {
		for _, umask := range []string{"022", "077"} {
			t.Run(shell+" "+umask, func(t *testing.T) {
				t.Parallel()
				tree := hardTree()
				folder := unpacked(t, tree, umask)
				for _, locale := range []string{"C", "C.UTF-8"} {
					assert.Equal(t, Manifest(tree)+"\n", onHost(t, shell, folder, "LC_ALL="+locale, "LANG="+locale))
				}
			})
		}
	}
}

func TestHostsComputeTheSameForRandomTrees(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		tree := randomTree(rand.New(rand.NewPCG(seed, 2)))
		assert.Equal(t, Manifest(tree)+"\n", onHost(t, "sh", unpacked(t, tree, "022")), "seed %d", seed)
	}
	assert.Equal(t, Manifest(nil)+"\n", onHost(t, "sh", t.TempDir()), "no file at all")
}

// So many files that no one call of sha256sum can have them all.
func TestHostsComputeTheSameForManyFiles(t *testing.T) {
	t.Parallel()
	tree := revision.Tree{}
	for i := range 3000 {
		tree[fmt.Sprintf("folder %d/%s%d", i%7, strings.Repeat("long ", 20), i)] = revision.File{Data: fmt.Appendln(nil, i)}
	}
	assert.Equal(t, Manifest(tree)+"\n", onHost(t, "sh", unpacked(t, tree, "022")))
}

func TestTheManifestOnAHostSeesEachChange(t *testing.T) {
	t.Parallel()
	tree := revision.Tree{"a": {Data: []byte("1")}, "b/c": {Data: []byte("2"), Executable: true}, "d": {Link: "a"}}
	for name, change := range map[string]func(folder string) error{
		"bytes":      func(folder string) error { return os.WriteFile(filepath.Join(folder, "a"), []byte("2"), 0o644) },
		"executable": func(folder string) error { return os.Chmod(filepath.Join(folder, "a"), 0o755) },
		"not so":     func(folder string) error { return os.Chmod(filepath.Join(folder, "b/c"), 0o644) },
		"name":       func(folder string) error { return os.Rename(filepath.Join(folder, "a"), filepath.Join(folder, "A")) },
		"gone":       func(folder string) error { return os.Remove(filepath.Join(folder, "a")) },
		"more":       func(folder string) error { return os.WriteFile(filepath.Join(folder, ".x"), nil, 0o644) },
		"more links": func(folder string) error { return os.Symlink("a", filepath.Join(folder, "b/x")) },
		"fifo":       func(folder string) error { return syscall.Mkfifo(filepath.Join(folder, "x"), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := unpacked(t, tree, "022")
			assert.Equal(t, Manifest(tree)+"\n", onHost(t, "sh", folder))
			require.NoError(t, change(folder))
			assert.NotEqual(t, Manifest(tree)+"\n", onHost(t, "sh", folder))
		})
	}
}

func TestTheScriptLeavesTheShellAsItWas(t *testing.T) {
	t.Parallel()
	need(t, "sh")
	command := exec.CommandContext(t.Context(), "sh", "-c", ManifestScript+"\necho \"$LC_ALL\"; cat")
	command.Dir, command.Env = t.TempDir(), append(os.Environ(), "LC_ALL=C.UTF-8")
	command.Stdin = strings.NewReader("what follows")
	out, err := command.Output()
	require.NoError(t, err)
	assert.Equal(t, Manifest(nil)+"\nC.UTF-8\nwhat follows", string(out))
}

// The definition must stay: hosts keep releases that older versions have verified.
func TestManifestIsDefinedForGood(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Manifest(nil))
	tree := revision.Tree{"b": {Data: []byte("1")}, "a/x": {Data: []byte("2"), Executable: true}, "c": {Link: "a/x"}}
	assert.Equal(t, "b28875b67eb0aa0e77763d77508716bee45633b2fdb5f95ef07e84864b3d9226", Manifest(tree))
}

func TestAnyChangeGivesAnotherManifest(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 3))
		tree := randomTree(random)
		seen := map[string]string{Manifest(tree): "the tree itself"}
		assert.Contains(t, seen, Manifest(copied(tree)), "seed %d", seed)
		for what, other := range changes(random, tree) {
			manifest := Manifest(other)
			assert.NotContains(t, seen, manifest, "seed %d: %s", seed, what)
			seen[manifest] = what
		}
	}
}

// changes are trees that differ from a tree, and from each other, by one thing.
func changes(random *rand.Rand, tree revision.Tree) map[string]revision.Tree {
	changed := map[string]revision.Tree{}
	with := func(what, name string, file revision.File) {
		other := copied(tree)
		other[name] = file
		changed[what+" "+name] = other
	}
	with("new", "new", revision.File{})
	with("new link", "new", revision.File{Link: "x"})
	for name, file := range tree {
		gone := copied(tree)
		delete(gone, name)
		changed["gone "+name] = gone
		moved := copied(gone)
		moved[name+"'"] = file
		changed["moved "+name] = moved
		if file.Link != "" {
			with("link", name, revision.File{Link: file.Link + "x"})
			with("link with slash", name, revision.File{Link: "/" + file.Link})
			with("no link", name, revision.File{Data: []byte(file.Link + "file")})
			continue
		}
		with("mode", name, revision.File{Data: file.Data, Executable: !file.Executable})
		with("more bytes", name, revision.File{Data: append(slices.Clone(file.Data), 'x'), Executable: file.Executable})
		with("now a link", name, revision.File{Link: "y" + randomText(random, letters, 1, 9)})
	}
	return changed
}

// BenchmarkManifestScript is what a host with the files in its cache takes.
func BenchmarkManifestScript(b *testing.B) {
	folder, tree := b.TempDir(), sourceTree()
	for name, file := range tree {
		at := filepath.Join(folder, name)
		require.NoError(b, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(b, os.WriteFile(at, file.Data, 0o644))
	}
	for b.Loop() {
		command := exec.CommandContext(b.Context(), "sh", "-c", ManifestScript)
		command.Dir = folder
		out, err := command.Output()
		require.NoError(b, err)
		require.Equal(b, Manifest(tree)+"\n", string(out))
	}
}
