package builder

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/run"
)

func web(reference string) Image {
	return Image{
		Reference: reference, Dockerfile: "docker/web.Dockerfile", Time: time.Unix(1700000000, 0),
		Labels: map[string]string{"b": "2 $x", "a": "1"},
	}
}

func stage(image Image, name string) Image { image.Stage = name; return image }

// Each builder's command line, word for word.
func TestCommandLines(t *testing.T) {
	t.Parallel()
	const local, remote = "localhost:5000/shop/web:3f2c", "registry.example.com/shop/web:3f2c"
	const at = "/tmp/c"
	for _, test := range []struct {
		got  run.Command
		want string
	}{
		{docker{}.build(web(remote), at, true), "docker build --file=/tmp/c/docker/web.Dockerfile --tag=registry.example.com/shop/web:3f2c --label=a=1 '--label=b=2 $x' /tmp/c"},
		{docker{}.build(stage(web(local), "proxy"), at, false), "docker build --file=/tmp/c/docker/web.Dockerfile --tag=localhost:5000/shop/web:3f2c --label=a=1 '--label=b=2 $x' --target=proxy /tmp/c"},
		{docker{}.push(local), "docker push -- localhost:5000/shop/web:3f2c"},
		{docker{}.label(local, "a.b"), `docker image inspect '--format={{index .Config.Labels "a.b"}}' -- localhost:5000/shop/web:3f2c`},
		{docker{}.ping(), "docker version '--format={{.Server.Version}}'"},
		{buildah{}.build(web(remote), at, true), "buildah build --layers --timestamp=1700000000 --file=/tmp/c/docker/web.Dockerfile --tag=registry.example.com/shop/web:3f2c --label=a=1 '--label=b=2 $x' /tmp/c"},
		{buildah{}.build(stage(web(local), "proxy"), at, false), "buildah build --layers --timestamp=1700000000 --file=/tmp/c/docker/web.Dockerfile --tag=localhost:5000/shop/web:3f2c --label=a=1 '--label=b=2 $x' --target=proxy /tmp/c"},
		{buildah{}.push(remote), "buildah push -- registry.example.com/shop/web:3f2c"},
		{buildah{}.push(local), "buildah push --tls-verify=false -- localhost:5000/shop/web:3f2c"},
		{buildah{}.label(local, "a.b"), `buildah inspect --type=image '--format={{index .OCIv1.Config.Labels "a.b"}}' -- localhost:5000/shop/web:3f2c`},
		{buildctl{}.build(web(remote), at, true), "buildctl build --progress=plain --frontend=dockerfile.v0 --local=context=/tmp/c --local=dockerfile=/tmp/c/docker --opt=filename=web.Dockerfile --opt=build-arg:SOURCE_DATE_EPOCH=1700000000 --opt=label:a=1 '--opt=label:b=2 $x' --output=type=image,name=registry.example.com/shop/web:3f2c,push=true"},
		{buildctl{}.build(stage(web(local), "proxy"), at, true), "buildctl build --progress=plain --frontend=dockerfile.v0 --local=context=/tmp/c --local=dockerfile=/tmp/c/docker --opt=filename=web.Dockerfile --opt=build-arg:SOURCE_DATE_EPOCH=1700000000 --opt=label:a=1 '--opt=label:b=2 $x' --opt=target=proxy --output=type=image,name=localhost:5000/shop/web:3f2c,push=true,registry.insecure=true"},
		{buildctl{}.build(web(remote), at, false), "buildctl build --progress=plain --frontend=dockerfile.v0 --local=context=/tmp/c --local=dockerfile=/tmp/c/docker --opt=filename=web.Dockerfile --opt=build-arg:SOURCE_DATE_EPOCH=1700000000 --opt=label:a=1 '--opt=label:b=2 $x' --output=type=image,name=registry.example.com/shop/web:3f2c"},
		{buildctl{}.ping(), "buildctl debug workers"},
	} {
		assert.Equal(t, test.want, test.got.String())
	}
	assert.Equal(t, []string{"SOURCE_DATE_EPOCH=1700000000"}, docker{}.build(web(local), at, false).Env)
}

func TestIsLocal(t *testing.T) {
	t.Parallel()
	for reference, want := range map[string]bool{
		"localhost:5000/shop/web:1": true, "localhost/web:1": true, "127.0.0.1:5000/web:1": true, "127.9.9.9/web:1": true, "[::1]:5000/web:1": true,
		"registry.example.com/web:1": false, "localhost.example.com/web:1": false, "10.0.0.1:5000/web:1": false, "web:1": false, "shop/web:1": false,
	} {
		assert.Equal(t, want, isLocal(reference), reference)
	}
}

func TestTheContextIsTheTree(t *testing.T) {
	t.Parallel()
	image := web("localhost/x:1")
	image.Context = revision.Tree{
		"Dockerfile": {Data: []byte("FROM scratch\n")}, "bin/run": {Data: []byte("#!/bin/sh\n"), Executable: true},
		"a b/\xff/é": {Data: []byte{0, 255}}, "empty": {Data: []byte{}}, "out": {Link: "/etc/passwd"}, "bin/in": {Link: "../empty"},
	}
	folder, remove, err := unpack(image)
	require.NoError(t, err)
	private, err := os.Stat(filepath.Dir(folder))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), private.Mode().Perm(), "nobody else looks in")
	assert.Equal(t, image.Context, readFolder(t, folder, image.Time))
	remove()
	assert.NoDirExists(t, filepath.Dir(folder))
}

// No version control system has such a tree: a broken one must not write elsewhere.
func TestNothingIsWrittenOutsideOfTheContext(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	for _, tree := range []revision.Tree{
		{"a": {Link: outside}, "a/b": {Data: []byte("x")}},
		{"../b": {Data: []byte("x")}},
		{outside + "/b": {Data: []byte("x")}},
	} {
		folder := filepath.Join(t.TempDir(), "context")
		require.Error(t, writeTree(folder, tree, time.Unix(0, 0)))
		assert.NoFileExists(t, filepath.Join(outside, "b"))
		assert.NoFileExists(t, filepath.Join(filepath.Dir(folder), "b"))
	}
}

func readFolder(t *testing.T, folder string, at time.Time) revision.Tree {
	t.Helper()
	tree := revision.Tree{}
	require.NoError(t, filepath.WalkDir(folder, func(name string, entry os.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := entry.Info()
		require.NoError(t, err)
		relative, err := filepath.Rel(folder, name)
		require.NoError(t, err)
		switch {
		case entry.IsDir():
			assert.Equal(t, os.FileMode(0o755), info.Mode().Perm(), name)
		case entry.Type() == os.ModeSymlink:
			link, err := os.Readlink(name)
			require.NoError(t, err)
			tree[relative] = revision.File{Link: link}
		default:
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			assert.True(t, at.Equal(info.ModTime()), name)
			tree[relative] = revision.File{Data: data, Executable: info.Mode().Perm() == 0o755}
		}
		return nil
	}))
	return tree
}

func TestTranscriptKnowsTheStep(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"Step 1/2 : FROM x\n ---> 1\nStep 2/2 : RUN make\nno rule":                  "RUN make",
		"STEP 1/2: FROM x\n[2/2] STEP 2/2: RUN false\nError: building":              "RUN false",
		"#5 [build 2/3] RUN true\n#6 ERROR: x\n------\n > [build 3/3] RUN false:\n": "RUN false",
		"pulling": "",
	} {
		var lines []string
		said = strings.ReplaceAll(said, "\n", "\r\n")
		for _, size := range []int{1, 7, len(said)} {
			lines = nil
			heard := &transcript{line: func(line string) { lines = append(lines, line) }}
			for rest := []byte(said); len(rest) > 0; rest = rest[min(size, len(rest)):] {
				_, err := heard.Write(rest[:min(size, len(rest))])
				require.NoError(t, err)
			}
			heard.end()
			assert.Equal(t, want, heard.step)
			assert.Equal(t, strings.Split(strings.TrimSpace(said), "\r\n"), lines)
		}
	}
}

func TestTranscriptHasAnEnd(t *testing.T) {
	t.Parallel()
	told := 0
	heard := &transcript{line: func(line string) { told += len(line) }}
	for range 1000 {
		_, err := heard.Write(bytes.Repeat([]byte("x"), 1000))
		require.NoError(t, err)
	}
	assert.LessOrEqual(t, len(heard.partial), longest)
	heard.end()
	assert.Equal(t, 1000*1000, told)
	assert.Len(t, heard.last, linesKept)
}

func TestFailedErrorSaysWhat(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, &FailedError{Builder: "docker", Reference: "web:1", Code: 1, Step: "RUN make", Last: []string{"no rule"}},
		`image "web:1" was not built: docker ended with exit status 1 at step "RUN make"`)
	assert.EqualError(t, &FailedError{Builder: "buildah", Reference: "web:1", Code: 125, Push: true, Last: []string{"a", "denied"}},
		`image "web:1" was not pushed: buildah ended with exit status 125: denied`)
}

// fake puts a program on PATH that does what a line of sh says. Not parallel: PATH is the process's.
func fake(t *testing.T, folder, name, line string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+line+"\n"), 0o755)) //nolint:gosec // it is a program
}

func TestFindTakesTheFirstThatWorks(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("PATH", folder+":/bin:/usr/bin")
	if _, err := os.Stat("/usr/bin/docker"); err == nil {
		t.Setenv("PATH", folder)
	}
	find := func(name string) string {
		t.Helper()
		found, err := Find(t.Context(), run.Local{}, name)
		require.NoError(t, err)
		return found.Name()
	}
	fake(t, folder, "docker", `echo "Cannot connect to the daemon" >&2; echo more >&2; exit 1`)
	fake(t, folder, "buildctl", "exit 0")
	fake(t, folder, "buildah", "exit 0")
	assert.Equal(t, "buildah", find(""))
	assert.Equal(t, "buildctl", find("buildctl"))
	_, err := Find(t.Context(), run.Local{}, "docker")
	var none *NoneError
	require.ErrorAs(t, err, &none)
	assert.Equal(t, []Tried{{"docker", "Cannot connect to the daemon"}}, none.Tried)
	assert.False(t, none.Missing("docker"))

	fake(t, folder, "docker", "exit 0")
	assert.Equal(t, "docker", find(""))
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Find(canceled, run.Local{}, "docker")
	require.ErrorIs(t, err, context.Canceled)

	t.Setenv("PATH", t.TempDir())
	_, err = Find(t.Context(), run.Local{}, "")
	require.ErrorAs(t, err, &none)
	assert.EqualError(t, none, "no program that builds images was found; looked for docker (not on PATH), buildah (not on PATH), buildctl (not on PATH)")
	assert.True(t, none.Missing("buildctl"))
}
