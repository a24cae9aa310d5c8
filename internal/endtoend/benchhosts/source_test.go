package benchhosts

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// changedFiles is how many files the second revision has changed.
const changedFiles = 3

// source is a repository of two revisions, and what they are made of.
type source struct {
	repository string
	revisions  [2]string
	ready      string // a folder with the files of the first
	packed     string // the same as a tar
	files      [2]map[string][]byte
}

// newSource makes text that is like source, since it is: that of Go itself.
func newSource(t *testing.T, s *site) source {
	t.Helper()
	made := source{repository: filepath.Join(t.TempDir(), "repository"), ready: filepath.Join(t.TempDir(), "ready")}
	text := someSource(t, fileCount*fileSize)
	made.files[0], made.files[1] = map[string][]byte{}, map[string][]byte{}
	for i := range fileCount {
		name := fmt.Sprintf("part%02d/section%d/file%03d.go", i%20, i%3, i)
		data := text[i*fileSize : (i+1)*fileSize]
		made.files[0][name], made.files[1][name] = data, data
		if i < changedFiles {
			made.files[1][name] = append(bytes.Clone(data), "// changed\n"...)
		}
	}
	command(t, "", nil, "hg", "init", made.repository)
	write(t, made.repository, "skycap.yaml", []byte(settings(s)))
	for i, files := range made.files {
		for name, data := range files {
			write(t, made.repository, name, data)
			if i == 0 {
				write(t, made.ready, name, data)
			}
		}
		command(t, made.repository, nil, "hg", "commit", "--addremove", "--quiet", "--user=bench", fmt.Sprintf("--message=%d", i))
		made.revisions[i] = command(t, made.repository, nil, "hg", "log", "--rev=.", "--template={node}")
	}
	made.packed = filepath.Join(t.TempDir(), "release.tar.gz")
	command(t, made.ready, nil, "tar", "-czf", made.packed, ".")
	return made
}

// someSource is text of so many bytes.
func someSource(t *testing.T, size int) []byte {
	t.Helper()
	var text []byte
	err := filepath.WalkDir(filepath.Join(command(t, "", nil, "go", "env", "GOROOT"), "src"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || len(text) >= size {
			return err
		}
		data, err := os.ReadFile(path)
		text = append(text, data...)
		return err
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(text), size)
	return text[:size]
}

// settings are a skycap.yaml: no build, no check, all hosts in one batch.
func settings(s *site) string {
	var names []string
	for i := range s.folders {
		names = append(names, fmt.Sprintf("h%d", i+1))
	}
	of := func(environment string, count int) string {
		return fmt.Sprintf("  %s: {hosts: {worker: {addresses: [%s], batch: 100%%}}}\n", environment, strings.Join(names[:count], ", "))
	}
	return "app: bench\nservices:\n  worker:\n    hosts: {deploy_to: " + s.root + "}\nenvironments:\n" +
		of("one", 1) + of("eight", hostCount) + of("fifty", manyHosts)
}

func write(t *testing.T, folder, name string, data []byte) {
	t.Helper()
	file := filepath.Join(folder, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, data, 0o644))
}

// prove compares all files of a revision with what runs on the first hosts.
func (b *bench) prove(t *testing.T, hosts, revision int) {
	t.Helper()
	for host := range hosts {
		current := b.current(t, host)
		for name, want := range b.files[revision] {
			found, err := os.ReadFile(filepath.Join(current, name))
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, found), "%s on host %d is another", name, host+1)
		}
	}
}
