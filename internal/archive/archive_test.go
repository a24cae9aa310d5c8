package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/revision"
)

var commitTime = time.Unix(1_700_000_000, 999)

// read unpacks an archive by Go's own readers and checks what each entry is like.
func read(t *testing.T, packed []byte) revision.Tree {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	tree, last := revision.Tree{}, ""
	for reader := tar.NewReader(plain); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return tree
		}
		require.NoError(t, err)
		assert.Less(t, last, header.Name, "sorted")
		assert.Equal(t, int64(1_700_000_000), header.ModTime.Unix())
		assert.Zero(t, header.ModTime.Nanosecond())
		assert.Zero(t, header.Uid+header.Gid)
		data, err := io.ReadAll(reader)
		require.NoError(t, err)
		file := revision.File{Data: data, Executable: header.Mode&0o100 != 0 && header.Linkname == "", Private: header.Mode&0o077 == 0, Link: header.Linkname}
		switch header.Typeflag {
		case tar.TypeReg:
			assert.Contains(t, []int64{0o644, 0o755, 0o600, 0o700}, header.Mode)
		case tar.TypeSymlink:
			file.Data = nil
			assert.EqualValues(t, 0o777, header.Mode)
		default:
			t.Errorf("%q is of type %c", header.Name, header.Typeflag)
		}
		tree[header.Name], last = file, header.Name
	}
}

func TestRandomTreesComeBack(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		tree := randomTree(random)
		packed, err := Pack(tree, nil, commitTime)
		require.NoError(t, err, "seed %d", seed)
		assert.Equal(t, tree, read(t, packed), "seed %d", seed)

		again, err := Pack(copied(tree), nil, commitTime)
		require.NoError(t, err)
		assert.Equal(t, packed, again, "seed %d", seed)
	}
}

func TestPrivateFilesAreForTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	tree := revision.Tree{"open": {Data: []byte("1")}, "pin": {Data: []byte("2"), Private: true}, "run": {Data: []byte("3"), Private: true, Executable: true}}
	packed, err := Pack(tree, nil, commitTime)
	require.NoError(t, err)
	assert.Equal(t, tree, read(t, packed))
}

func TestPackTakesTheNamedPaths(t *testing.T) {
	t.Parallel()
	tree := revision.Tree{"a": {Data: []byte("1")}, "b/c": {Data: []byte{}}, "d": {Link: "a"}}
	for name, test := range map[string]struct {
		paths []string
		want  revision.Tree
	}{
		"all":      {nil, tree},
		"none":     {[]string{}, revision.Tree{}},
		"two":      {[]string{"d", "b/c"}, revision.Tree{"b/c": tree["b/c"], "d": tree["d"]}},
		"one, two": {[]string{"a", "a"}, revision.Tree{"a": tree["a"]}},
	} {
		packed, err := Pack(tree, test.paths, commitTime)
		require.NoError(t, err, name)
		assert.Equal(t, test.want, read(t, packed), name)
	}
}

func TestPackRefusals(t *testing.T) {
	t.Parallel()
	file := revision.File{Data: []byte("1")}
	for name, test := range map[string]struct {
		tree  revision.Tree
		paths []string
		want  []string
	}{
		"all faults": {
			tree: revision.Tree{"": file, ".": file, "/a": file, "a/../b": file, "../a": file, "a//b": file, "a/": file, "./a": file, "n\x00l": file},
			want: []string{
				`path "" names the whole folder`, `path "." names the whole folder`, `path "../a" has the segment ".."`,
				`path "./a" has the segment "."`, `path "/a" is absolute`, `path "a/" has the segment ""`, `path "a/../b" has the segment ".."`,
				`path "a//b" has the segment ""`, `path "n\x00l" has a NUL in it`,
			},
		},
		"below a link": {
			tree: revision.Tree{"a": {Link: "/etc"}, "a/b/c": file},
			want: []string{`path "a/b/c" lies below "a", which is a file or link`},
		},
		"link to NUL": {tree: revision.Tree{"a": {Link: "b\x00"}}, want: []string{`path "a" is a link to a path with a NUL in it`}},
		"not there": {
			tree: revision.Tree{"a": file}, paths: []string{"b", "a", "c"},
			want: []string{`path "b" is not in the tree`, `path "c" is not in the tree`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			packed, err := Pack(test.tree, test.paths, commitTime)
			assert.Nil(t, packed)
			var refused *PathError
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, strings.Join(test.want, "\n"), err.Error())
		})
	}
	_, err := Pack(revision.Tree{"..a/b../...": file, "/a": file}, []string{"..a/b../..."}, commitTime)
	require.NoError(t, err, "dots are no fault, nor is what isn't packed")
}

func TestSize(t *testing.T) {
	t.Parallel()
	size, entries := Size(revision.Tree{"a": {Data: []byte("12")}, "b/c/d": {Data: []byte("345")}, "b/e": {Link: "../a"}})
	assert.EqualValues(t, 9, size)
	assert.Equal(t, 5, entries, "b and b/c are entries, too")
	size, entries = Size(nil)
	assert.Zero(t, size)
	assert.Zero(t, entries)
}

// sourceTree is 1000 files of source-like text, 10 MB in all.
func sourceTree() revision.Tree {
	random := rand.New(rand.NewPCG(1, 1))
	words := make([]string, 2000)
	for i := range words {
		words[i] = randomText(random, "abcdefghijklmnopqrstuvwxyz_", 2, 10)
	}
	tree := revision.Tree{}
	for i := range 1000 {
		var data []byte
		for len(data) < 10_000 {
			data = append(data, strings.Repeat("\t", random.IntN(4))...)
			for range 1 + random.IntN(8) {
				data = append(append(data, words[int(2000*random.Float64()*random.Float64()*random.Float64())]...), ' ')
			}
			data = append(data, '\n')
		}
		tree[fmt.Sprintf("folder%d/sub%d/file%d.go", i%10, i%37, i)] = revision.File{Data: data}
	}
	return tree
}

func BenchmarkPack(b *testing.B) {
	tree := sourceTree()
	size, _ := Size(tree)
	b.SetBytes(size)
	var packed []byte
	for b.Loop() {
		var err error
		packed, err = Pack(tree, nil, commitTime)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(len(packed)), "packed-bytes")
}

func BenchmarkManifest(b *testing.B) {
	tree := sourceTree()
	size, _ := Size(tree)
	b.SetBytes(size)
	for b.Loop() {
		Manifest(tree)
	}
}
