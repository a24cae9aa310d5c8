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
// file can't be read, it says so on stderr and prints another manifest. In the file
// $1, which may be left out, it lists all that is no folder, as find -print0 does.
//
//go:embed manifest.sh
var ManifestScript string

// Manifest is a sha256 in hex over all files of a tree: their paths, bytes,
// executability, and where links point. Neither folders nor any other mode, owner or
// time is part of it. It is that of the following texts, each ended by NUL, sorted by
// bytes; each path begins with "./":
//
//   - for each regular file: the sha256 of its bytes in hex, two spaces, its path;
//   - for each regular file that its owner may execute: "f ", its path, "//";
//   - for each link: "l ", its path, "//", where it points to.
//
// No path has "//" in it or ends in a slash, so no two trees give the same texts. What
// a folder on a host has beside files, links and folders, such as a fifo, has its own letter.
func Manifest(tree revision.Tree) string {
	texts := make([]string, 0, len(tree))
	for name, file := range tree {
		if file.Link != "" {
			texts = append(texts, "l ./"+name+"//"+file.Link)
			continue
		}
		if file.Executable {
			texts = append(texts, "f ./"+name+"//")
		}
		sum := sha256.Sum256(file.Data)
		texts = append(texts, hex.EncodeToString(sum[:])+"  ./"+name)
	}
	slices.Sort(texts)
	whole := sha256.New()
	for _, text := range texts {
		_, _ = io.WriteString(whole, text+"\x00")
	}
	return hex.EncodeToString(whole.Sum(nil))
}
