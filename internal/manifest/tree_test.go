package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
)

// oddNames are what files and folders may be called, one way or another.
func oddNames() []string {
	return []string{
		"plain.txt", "Plain.txt", "PLAIN.TXT", ".hidden", ".env.", "a", "-leading-dash", "--config=x", "with space", " ", "quote'\"`", "back\\slash",
		"line\nend", "tab\t", "\x01\x1b[31m", "caf\u00e9", "cafe\u0301", "\U0001f680", "\u202egnp.exe", "{{ .App }}", "$(id)", "*", "?", "#", "%2f", "a:b",
		"x-0123456789abcdef", "x-0123456789abcdeF", "x-0123456789abcde", "...", "a..", "_", strings.Repeat("n", 253), strings.Repeat("n", 254),
		strings.Repeat("é", 127), "data", "..tmp"[1:], "con", "null", "1", "1.5", "true", "~",
	}
}

// randomTree is a tree of a seed: equal seeds give equal trees.
func randomTree(seed uint64) revision.Tree {
	random := rand.New(rand.NewPCG(seed, 0))
	tree, names := revision.Tree{"first.txt": {Data: randomData(random)}}, oddNames()
	for range random.IntN(1 << random.IntN(7)) {
		segments := make([]string, 1+random.IntN(1+random.IntN(4)))
		for i := range segments {
			segments[i] = names[random.IntN(len(names))]
			if random.IntN(3) == 0 {
				segments[i] = fmt.Sprintf("%d%.200s", random.IntN(20), strings.ToValidUTF8(segments[i], ""))
			}
		}
		place(tree, strings.ToValidUTF8(path.Join(segments...), ""), revision.File{Data: randomData(random), Executable: random.IntN(5) == 0})
	}
	return tree
}

// randomData is text of many kinds, or none, mostly small.
func randomData(random *rand.Rand) []byte {
	pieces := []string{"key: value\n", "a=b\r\n", "\x00\xff\xfe", "\x1b[0m", "<a href=\"&\">", "\"\\", "\u2028", "\U0001f680", "\ufeff", "no end", "\n", "\xed\xa0\x80"}
	size := random.IntN(200)
	if random.IntN(100) == 0 {
		size = config.MaxFileSize - random.IntN(3)
	}
	data := make([]byte, 0, size)
	piece := pieces[random.IntN(len(pieces))]
	for len(data)+len(piece) <= size {
		data = append(data, piece...)
		if size < 1000 {
			piece = pieces[random.IntN(len(pieces))]
		}
	}
	return data
}

// place adds a file, unless it would lie in another, or another in it, or nobody may be
// called so.
func place(tree revision.Tree, name string, file revision.File) {
	for other := range tree {
		if strings.HasPrefix(name, other+"/") || strings.HasPrefix(other, name+"/") {
			return
		}
	}
	for segment := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(segment, "..") || len(segment) > 255 {
			return
		}
	}
	tree[name] = file
}

// rendered is a tree as one layer of the revision, or as two of which the second
// replaces what the first has otherwise.
func rendered(t *testing.T, tree revision.Tree, layers int) config.Tree {
	t.Helper()
	files, from := revision.Tree{}, []string{"config/a", "config/b"}[:layers]
	i := 0
	for name, file := range tree { // in another order each time
		if i++; layers > 1 && i%2 == 0 {
			files["config/a/"+name] = revision.File{Data: []byte("replaced"), Executable: !file.Executable}
		}
		files["config/"+[]string{"a", "b"}[min(i%2, layers-1)]+"/"+name] = file
		if layers > 1 && i%2 == 0 {
			files["config/b/"+name] = file
		}
	}
	made, err := config.Render(t.Context(), files, from, config.Fields{})
	require.NoError(t, err)
	return made
}

// checkTree proves that containers see a tree as it is, as configuration and as secrets,
// and that nothing but the tree decides on the objects.
func checkTree(t *testing.T, tree revision.Tree) {
	t.Helper()
	first := rendered(t, tree, 1)
	objects, cluster := inCluster(t, first)
	for _, volume := range []string{"skycap-config", "skycap-secrets"} {
		seen := cluster.mounted(t, volume)
		require.Equal(t, tree.Paths(), seen.Paths(), volume)
		for name, file := range tree {
			require.True(t, bytes.Equal(file.Data, seen[name].Data), "%s: %q", volume, name)
			require.Equal(t, file.Executable, seen[name].Executable, "%s: %q", volume, name)
		}
	}
	again := rendered(t, tree, 2)
	require.Equal(t, first.Hash, again.Hash)
	others, _ := inCluster(t, again)
	require.Equal(t, printed(t, objects), printed(t, others))
}

func printed(t *testing.T, objects []Object) string {
	t.Helper()
	text, err := json.Marshal(objects)
	require.NoError(t, err)
	return string(text)
}

func TestContainersSeeRandomTreesAsTheyAre(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			checkTree(t, randomTree(seed))
		})
	}
}

func TestEachDifferenceGivesAnotherHash(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		tree := randomTree(seed)
		hashes := map[string]string{rendered(t, tree, 1).Hash: "the tree"}
		for what, other := range others(tree) {
			hash := rendered(t, other, 1).Hash
			assert.Empty(t, hashes[hash], "seed %d: %s", seed, what)
			hashes[hash] = what
		}
	}
}

// others are trees that differ from one by as little as can be.
func others(tree revision.Tree) map[string]revision.Tree {
	found := map[string]revision.Tree{}
	change := func(what string, by func(revision.Tree)) {
		other := maps.Clone(tree)
		by(other)
		found[what] = other
	}
	for name, file := range tree {
		change(fmt.Sprintf("mode of %q", name), func(other revision.Tree) {
			other[name] = revision.File{Data: file.Data, Executable: !file.Executable}
		})
		change(fmt.Sprintf("name of %q", name), func(other revision.Tree) {
			delete(other, name)
			other["another name"] = file
		})
		if len(tree) > 1 {
			change(fmt.Sprintf("no %q", name), func(other revision.Tree) { delete(other, name) })
		}
		if len(file.Data) > 0 {
			change(fmt.Sprintf("last bit of %q", name), func(other revision.Tree) {
				data := bytes.Clone(file.Data)
				data[len(data)-1] ^= 1
				other[name] = revision.File{Data: data, Executable: file.Executable}
			})
			change(fmt.Sprintf("last byte of %q", name), func(other revision.Tree) {
				other[name] = revision.File{Data: file.Data[:len(file.Data)-1], Executable: file.Executable}
			})
		}
	}
	change("one file more", func(other revision.Tree) { other["another name"] = revision.File{} })
	return found
}

// FuzzTree takes names that NUL ends, and data that is shared out among the files.
func FuzzTree(f *testing.F) {
	f.Add(strings.Join(oddNames(), "\x00"), []byte("<a>\r\n\x00\xff"), uint64(5))
	f.Add("run.sh\x00plain", []byte("#!/bin/sh\n"), uint64(1))
	f.Add("a/b\x00x-c14cddc033f64b9d\x00A/b\x00a/B", []byte{}, uint64(0))
	f.Add(strings.Repeat("d/", 200)+"f", []byte("\x1b"), uint64(1))
	f.Fuzz(func(t *testing.T, names string, data []byte, executable uint64) {
		tree := revision.Tree{}
		all := strings.Split(names, "\x00")
		for i, name := range all {
			if name == "" || name != path.Clean(name) || path.IsAbs(name) || name == "." || !utf8.ValidString(name) ||
				strings.HasSuffix(name, ".tmpl") || strings.HasSuffix(name, ".env") {
				continue
			}
			part := data[len(data)*i/len(all) : len(data)*(i+1)/len(all)]
			place(tree, name, revision.File{Data: part, Executable: executable>>(i%64)&1 == 1})
		}
		if len(tree) > 0 && len(tree) <= config.MaxFiles {
			checkTree(t, tree)
		}
	})
}
