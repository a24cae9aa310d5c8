package revision

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// File is one file of a commit.
type File struct {
	Data       []byte
	Executable bool
	Link       string // where a symbolic link points, as it is stored; else empty
	Private    bool   // of its owner alone: a secret that was decrypted, which no commit has
	Unread     int64  // its size in bytes, or Unsized, where a limit kept it from being read. Hg may count some more of a copy
}

// Unsized is the size of a file that nobody looked at.
const Unsized = -1

// Limit is how much of a commit is read at most; a zero one, all.
type Limit struct {
	Files int   // of more, none is read, nor is its size looked at: each costs a look into another file
	Size  int64 // in bytes, of one file: of a larger one only the size is read
	Total int64 // in bytes, of all files that are not too large: of more, only sizes are read
}

// read decides of which files the content is read, by the sizes of all.
func (l Limit) read(sizes []int64) []bool {
	wanted := make([]bool, len(sizes))
	var total int64
	for i, size := range sizes {
		if wanted[i] = l == (Limit{}) || size <= l.Size; wanted[i] {
			total += size
		}
	}
	if l != (Limit{}) && total > l.Total {
		clear(wanted)
	}
	return wanted
}

// Tree holds files by their slash-separated path from the repository's root.
type Tree map[string]File

// Paths returns the tree's paths, sorted.
func (t Tree) Paths() []string {
	return slices.Sorted(maps.Keys(t))
}

// From is a path as seen from a folder that it lies in; its base name where it is that
// itself.
func From(folder, at string) (name string, ok bool) {
	folder = path.Clean(folder)
	switch {
	case folder == ".":
		return at, true
	case at == folder:
		return path.Base(folder), true
	}
	return strings.CutPrefix(at, folder+"/")
}

// Under returns the files below a folder, by their path from it. A path that
// is itself a file yields that file by its base name.
func (t Tree) Under(folder string) Tree {
	below := Tree{}
	for at, file := range t {
		if name, ok := From(folder, at); ok {
			below[name] = file
		}
	}
	return below
}

// linkRounds is how many links deep a file may lie, and maxFollowed how many files there
// may be once links are followed: each round may multiply those of the former.
const (
	linkRounds  = 8
	maxFollowed = 100_000
)

// Follow reads what lies at or below the given paths in a commit, with each
// symbolic link replaced by the files that it points to. A link that is
// absolute, leaves the repository, leads nowhere or around itself is a *LinkError.
func Follow(paths []string, read func(paths []string) (Tree, error)) (Tree, error) {
	tree, err := read(paths)
	if err != nil {
		return nil, err
	}
	for range linkRounds {
		links, targets, err := tree.links()
		if err != nil || len(links) == 0 {
			return tree, err
		}
		found, err := read(targets)
		if err != nil {
			return nil, err
		}
		for i, link := range links {
			if tree.replace(link, targets[i], found); len(tree) > maxFollowed {
				return nil, &LinkError{Path: link, Link: targets[i], Rule: fmt.Sprintf("makes more than %d files of the tree", maxFollowed)}
			}
		}
	}
	links, _, err := tree.links()
	if err == nil && len(links) > 0 {
		err = &LinkError{Path: links[0], Link: tree[links[0]].Link, Rule: "leads nowhere"}
	}
	return tree, err
}

// links returns the tree's links and, for each, the path in the repository that it points to.
func (t Tree) links() (links, targets []string, err error) {
	for _, name := range t.Paths() {
		link := t[name].Link
		if link == "" {
			continue
		}
		target := path.Join(path.Dir(name), link)
		if path.IsAbs(link) || target == ".." || strings.HasPrefix(target, "../") {
			return nil, nil, &LinkError{Path: name, Link: link, Rule: "leads out of the repository"}
		}
		if _, around := From(target, name); around && target != name {
			return nil, nil, &LinkError{Path: name, Link: link, Rule: "leads to a folder that it lies in"}
		}
		links, targets = append(links, name), append(targets, target)
	}
	return links, targets, nil
}

// replace puts in the place of a link what lies at its target. A link whose
// target isn't there stays: it may lie behind another link.
func (t Tree) replace(link, target string, found Tree) {
	for _, tree := range []Tree{found, t} {
		if file, ok := tree[target]; ok {
			t[link] = file.movedFrom(target, link)
			return
		}
		below := tree.Under(target)
		if len(below) == 0 {
			continue
		}
		delete(t, link)
		for name, file := range below {
			t[path.Join(link, name)] = file.movedFrom(path.Join(target, name), path.Join(link, name))
		}
		return
	}
}

// movedFrom is the file at another path, where a link still points to what it did.
func (f File) movedFrom(from, to string) File {
	if f.Link != "" && !path.IsAbs(f.Link) {
		up := strings.Count(to, "/")
		f.Link = strings.Repeat("../", up) + path.Join(path.Dir(from), f.Link)
	}
	return f
}
