package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"path"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/skycap/skycap/internal/revision"
)

// level is the compression: as fast as level 1 of the standard library, and a fifth
// smaller. What is at most as big as small, in bytes, takes no time at any level.
const (
	level = 5
	best  = 9
	small = 1 << 20
)

// Pack makes one tar archive, compressed by gzip, of the files of a tree at these
// paths, or of all when paths is nil. Equal trees and times give equal bytes: entries are
// sorted, all of one time (in seconds) and of user and group 0, their modes 0644,
// 0755 and 0777 for links, and 0600 and 0700 for private files. There are no entries for folders. A *PathError for each
// path that is not safe to unpack, or that the tree doesn't have, is joined in the error.
func Pack(tree revision.Tree, paths []string, mtime time.Time) ([]byte, error) {
	picked, err := pick(tree, paths)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&packed, levelFor(picked))
	if err != nil {
		return nil, err
	}
	if err := write(compressed, picked, mtime); err != nil {
		return nil, err
	}
	if err := compressed.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func levelFor(tree revision.Tree) int {
	if size, _ := Size(tree); size > small {
		return level
	}
	return best
}

// pick is the part of a tree that lies at these paths.
func pick(tree revision.Tree, paths []string) (revision.Tree, error) {
	if paths == nil {
		return tree, check(tree)
	}
	picked := revision.Tree{}
	var faults []error
	for _, name := range paths {
		file, there := tree[name]
		if !there {
			faults = append(faults, &PathError{Path: name, Rule: "is not in the tree"})
			continue
		}
		picked[name] = file
	}
	return picked, errors.Join(append(faults, check(picked))...)
}

func write(to io.Writer, tree revision.Tree, mtime time.Time) error {
	archive := tar.NewWriter(to)
	for _, name := range tree.Paths() {
		file := tree[name]
		if err := archive.WriteHeader(header(name, file, mtime)); err != nil {
			return err
		}
		if file.Link != "" {
			continue
		}
		if _, err := archive.Write(file.Data); err != nil {
			return err
		}
	}
	return archive.Close()
}

// header is in GNU's format: there a name is bytes of any length. In the format of
// POSIX it is UTF-8, which tar converts to the host's locale.
func header(name string, file revision.File, mtime time.Time) *tar.Header {
	header := &tar.Header{Format: tar.FormatGNU, Typeflag: tar.TypeReg, Name: name, Mode: 0o644,
		Size: int64(len(file.Data)), ModTime: mtime.Truncate(time.Second)}
	switch {
	case file.Link != "":
		header.Typeflag, header.Linkname, header.Mode, header.Size = tar.TypeSymlink, file.Link, 0o777, 0
	case file.Executable:
		header.Mode = 0o755
	}
	if file.Private {
		header.Mode &= 0o700
	}
	return header
}

// Size is what the files of a tree take when they are unpacked: their bytes, and how
// many files, links and folders there are, each of which takes an inode. A file
// system rounds each of them up to a block, mostly of 4 KiB.
func Size(tree revision.Tree) (size int64, entries int) {
	folders := map[string]bool{}
	for name, file := range tree {
		size += int64(len(file.Data)) + int64(len(file.Link))
		for folder := path.Dir(name); folder != "." && !folders[folder]; folder = path.Dir(folder) {
			folders[folder] = true
		}
	}
	return size, len(tree) + len(folders)
}
