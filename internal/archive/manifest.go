// Package archive makes archives of trees for hosts, and the manifests by which a
// host proves that it has unpacked them. It is pure: no file is read or written.
package archive

import (
	"crypto/sha256"
	_ "embed" // for the script
	"encoding/hex"
	"io"
	"slices"

	"github.com/skycap/skycap/internal/revision"
)

// ManifestScript is a POSIX sh script that prints the Manifest of the folder that it
// runs in, and a line end. It needs GNU find, sort, xargs and sha256sum, reads
// nothing from stdin and sets nothing in the shell that it is part of. Where a
// file can't be read, it says so on stderr and prints another manifest.
//
//go:embed manifest.sh
var ManifestScript string

// Manifest is a sha256 in hex over all files of a tree: their paths, bytes,
// executability, and where links point. Neither folders nor any other mode, owner or
// time is part of it. It is that of the following bytes, where each path begins
// with "./" and each list is sorted by bytes:
//
//   - for each regular file: its path, NUL;
//   - for each regular file, in that order: the sha256 of its bytes in hex, line end;
//   - for each regular file that its owner may execute: "f ", its path, "//", NUL,
//     and for each link: "l ", its path, "//", where it points to, NUL.
//
// No path has "//" in it or ends in a slash, so no two trees give the same bytes. What
// a folder on a host has beside files, links and folders, such as a fifo, has its own letter.
func Manifest(tree revision.Tree) string {
	whole := sha256.New()
	var sums, special []string
	for _, name := range tree.Paths() {
		file := tree[name]
		switch {
		case file.Link != "":
			special = append(special, "l ./"+name+"//"+file.Link+"\x00")
			continue
		case file.Executable:
			special = append(special, "f ./"+name+"//\x00")
		}
		_, _ = io.WriteString(whole, "./"+name+"\x00")
		sum := sha256.Sum256(file.Data)
		sums = append(sums, hex.EncodeToString(sum[:])+"\n")
	}
	slices.Sort(special)
	for _, text := range append(sums, special...) {
		_, _ = io.WriteString(whole, text)
	}
	return hex.EncodeToString(whole.Sum(nil))
}
