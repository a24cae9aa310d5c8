package revision

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (m *mercurial) Files(ctx context.Context, revision Revision, paths []string, limit Limit) (Tree, error) {
	args := []string{"skycap-files", "--rev=" + revision.ID}
	if limit != (Limit{}) {
		args = append(args, fmt.Sprintf("--most=%d", limit.Files), fmt.Sprintf("--size=%d", limit.Size), fmt.Sprintf("--total=%d", limit.Total))
	}
	args = append(args, "--")
	for _, at := range paths {
		args = append(args, "path:"+at, "path:"+path.Join(standins, at))
	}
	tree, err := m.read(ctx, args)
	if err != nil {
		return nil, err
	}
	return tree, checkLargefiles(revision, tree)
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

// fileHead are the flags of a file, and whether its content follows.
var fileHead = regexp.MustCompile(`^[lxt]?[01]$`)

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
				return nil, &ChatterError{Said: strings.Join(fields[:], " ") + field}
			}
			fields[i] = strings.TrimSuffix(field, "\x00")
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil || !fileHead.MatchString(fields[0]+fields[1]) {
			return nil, &ChatterError{Said: strings.Join(fields[:], " ")}
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
	changed, removed, err = m.status(ctx, from, to)
	slices.Sort(changed)
	slices.Sort(removed)
	return changed, removed, err
}

// status lists what differs between two commits, as hg orders it.
func (m *mercurial) status(ctx context.Context, from, to string) (changed, removed []string, err error) {
	out, err := m.server.run(ctx, "status", "--rev="+from, "--rev="+to,
		"--modified", "--added", "--removed", `--template={status}\0{path}\0`)
	if err != nil {
		return nil, nil, err
	}
	for file := range slices.Chunk(splitNUL(out), 2) {
		switch {
		case len(file) == 2 && file[0] == "R":
			removed = append(removed, file[1])
		case len(file) == 2 && (file[0] == "M" || file[0] == "A"):
			changed = append(changed, file[1])
		default:
			return nil, nil, &ChatterError{Said: strings.Join(file, " ")}
		}
	}
	return changed, removed, nil
}

// splitNUL are the texts of a list in which each ends in NUL.
func splitNUL(list []byte) []string {
	if len(list) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(list), "\x00"), "\x00")
}
