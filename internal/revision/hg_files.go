package revision

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

func (m *mercurial) Files(ctx context.Context, revision Revision, paths []string) (Tree, error) {
	// The files as they are stored: no decode filter of the user's changes them, and
	// archive adds none.
	archive := []string{"--config=ui.archivemeta=false", "archive", "--no-decode",
		"--rev=" + revision.ID, "--type=tar", "--prefix=."}
	for _, path := range paths {
		archive = append(archive, "--include=path:"+path)
	}
	tree, err := m.unpack(ctx, append(archive, "--", "-")...)
	var failed *hgError
	if errors.As(err, &failed) && m.hasNone(ctx, revision, paths) {
		return Tree{}, nil
	}
	return tree, err
}

// hasNone tells whether a commit has no file at these paths: archive fails then,
// like for other reasons, but files with status 1 only for this one.
func (m *mercurial) hasNone(ctx context.Context, revision Revision, paths []string) bool {
	names, err := m.files(ctx, revision, paths, "--print0")
	return err == nil && len(names) == 0
}

// unpack runs a command that prints a tar archive, and reads that while it comes:
// in memory each byte lies once.
func (m *mercurial) unpack(ctx context.Context, args ...string) (Tree, error) {
	output, stdout := io.Pipe()
	var tree Tree
	var fault error
	read := make(chan struct{})
	go func() {
		defer close(read)
		tree, fault = readArchive(output)
		_, _ = io.Copy(io.Discard, output) // what follows the end: hg must not wait for it to be read
	}()
	err := m.server.runInto(ctx, stdout, args...)
	_ = stdout.Close()
	<-read
	if err != nil {
		return nil, err
	}
	if fault != nil {
		return nil, fmt.Errorf("the archive that hg made: %w", fault)
	}
	return tree, nil
}

func readArchive(packed io.Reader) (Tree, error) {
	tree := Tree{}
	for reader := tar.NewReader(bufio.NewReader(packed)); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return tree, nil
		}
		if err != nil {
			return nil, err
		}
		path := strings.TrimPrefix(header.Name, "./")
		switch header.Typeflag {
		case tar.TypeReg:
			data := make([]byte, header.Size)
			if _, err := io.ReadFull(reader, data); err != nil {
				return nil, err
			}
			tree[path] = File{Data: data, Executable: header.Mode&0o100 != 0}
		case tar.TypeSymlink:
			tree[path] = File{Link: header.Linkname}
		}
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
