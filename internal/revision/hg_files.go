package revision

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed files.py
var filesProgram []byte

// filesExtension writes the extension that prints files into a private folder, which its
// caller removes once hg has loaded it.
func filesExtension() (string, error) {
	folder, err := os.MkdirTemp("", "skycap-hg-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "files.py")
	return file, os.WriteFile(file, filesProgram, 0o600)
}

func (m *mercurial) Files(ctx context.Context, revision Revision, paths []string, limit Limit) (Tree, error) {
	args := []string{"skycap-files", "--rev=" + revision.ID}
	if limit != (Limit{}) {
		args = append(args, fmt.Sprintf("--most=%d", limit.Files), fmt.Sprintf("--size=%d", limit.Size), fmt.Sprintf("--total=%d", limit.Total))
	}
	args = append(args, "--")
	for _, path := range paths {
		args = append(args, "path:"+path)
	}
	return m.read(ctx, args)
}

// read reads what the extension prints while it comes: in memory each byte lies once.
func (m *mercurial) read(ctx context.Context, args []string) (Tree, error) {
	output, stdout := io.Pipe()
	var tree Tree
	var fault error
	read := make(chan struct{})
	go func() {
		defer close(read)
		tree, fault = readFiles(bufio.NewReader(output))
		_, _ = io.Copy(io.Discard, output) // hg must not wait for it to be read
	}()
	err := m.server.runInto(ctx, stdout, args...)
	_ = stdout.Close()
	<-read
	if err != nil {
		return nil, err
	}
	return tree, fault
}

// readFiles reads each file as files.py prints it.
func readFiles(printed *bufio.Reader) (Tree, error) {
	tree := Tree{}
	for {
		var fields [4]string // flags, whether the content follows, size, path
		for i := range fields {
			field, err := printed.ReadString(0)
			if i == 0 && field == "" && errors.Is(err, io.EOF) {
				return tree, nil
			}
			if err != nil {
				return nil, fmt.Errorf("what hg prints ended within a file: %w", err)
			}
			fields[i] = strings.TrimSuffix(field, "\x00")
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("hg printed %q for the size of %q", fields[2], fields[3])
		}
		file := File{Executable: fields[0] == "x"}
		if fields[1] == "0" {
			file.Unread = size
			tree[fields[3]] = file
			continue
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(printed, data); err != nil {
			return nil, fmt.Errorf("what hg prints ended within %q: %w", fields[3], err)
		}
		if fields[0] == "l" {
			file.Link = string(data)
		} else {
			file.Data = data
		}
		tree[fields[3]] = file
	}
}

func (m *mercurial) Changed(ctx context.Context, from, to string) (changed, removed []string, err error) {
	if err := checkHashes(from, to); err != nil {
		return nil, nil, err
	}
	for _, hash := range []string{from, to} {
		if _, err := m.Resolve(ctx, hash); err != nil {
			return nil, nil, err
		}
	}
	// Each file as a letter, its path and NUL.
	out, err := m.server.run(ctx, "status", "--rev="+from, "--rev="+to,
		"--modified", "--added", "--removed", `--template={status}{path}\0`)
	if err != nil {
		return nil, nil, err
	}
	for _, line := range splitNUL(out) {
		if line[0] == 'R' {
			removed = append(removed, line[1:])
		} else {
			changed = append(changed, line[1:])
		}
	}
	slices.Sort(changed)
	slices.Sort(removed)
	return changed, removed, nil
}

// splitNUL are the texts of a list in which each ends in NUL.
func splitNUL(list []byte) []string {
	if len(list) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(list), "\x00"), "\x00")
}
