package revision

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed sizes.py
var sizesProgram []byte

// sizesExtension writes the extension that tells hg's templates sizes into a private
// folder, which its caller removes once hg has loaded it.
func sizesExtension() (string, error) {
	folder, err := os.MkdirTemp("", "skycap-hg-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "sizes.py")
	return file, os.WriteFile(file, sizesProgram, 0o600)
}

func (m *mercurial) List(ctx context.Context, revision Revision, paths []string, most int) ([]Entry, error) {
	names, err := m.files(ctx, revision, paths, "--print0") // several times faster than by a template
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(names))
	for i, name := range names {
		entries[i] = Entry{Path: name, Size: Unsized}
	}
	if len(entries) > most {
		return entries, nil
	}
	sizes, err := m.files(ctx, revision, paths, `--template={stored}\0`)
	if err == nil && len(sizes) != len(entries) {
		err = fmt.Errorf("hg printed %d sizes of %d files", len(sizes), len(entries))
	}
	for i := 0; i < len(sizes) && err == nil; i++ {
		entries[i].Size, err = strconv.ParseInt(sizes[i], 10, 64)
	}
	return entries, err
}

// files are what hg prints of each file at or below the paths, each text ended by NUL.
func (m *mercurial) files(ctx context.Context, revision Revision, paths []string, format string) ([]string, error) {
	list := []string{"files", "--rev=" + revision.ID, format, "--"}
	for _, path := range paths {
		list = append(list, "path:"+path)
	}
	out, err := m.server.run(ctx, list...)
	var failed *hgError
	if errors.As(err, &failed) && failed.status == 1 { // that is none
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return splitNUL(out), nil
}

// splitNUL are the texts of a list in which each ends in NUL.
func splitNUL(list []byte) []string {
	if len(list) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(list), "\x00"), "\x00")
}
