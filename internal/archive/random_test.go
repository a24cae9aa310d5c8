package archive

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/skycap/skycap/internal/revision"
)

// letters are what breaks programs that list, quote, sort or convert names.
const letters = "ab-. \n\r\t\\'\"$`*?[]~#&;|<>!%\x01\x7f\x80\xe9\xff"

func randomText(random *rand.Rand, from string, least, most int) string {
	text := make([]byte, least+random.IntN(most-least+1))
	for i := range text {
		text[i] = from[random.IntN(len(from))]
	}
	return string(text)
}

// randomPath is a path that a tree may have, at times a very long one.
func randomPath(random *rand.Rand) string {
	for {
		var segments []string
		for range 1 + random.IntN(4) {
			most := 6
			if random.IntN(20) == 0 {
				most = 200
			}
			segments = append(segments, randomText(random, letters, 1, most))
		}
		if name := strings.Join(segments, "/"); broken(name) == "" {
			return name
		}
	}
}

func randomTree(random *rand.Rand) revision.Tree {
	tree := revision.Tree{}
	for range random.IntN(30) {
		name := randomPath(random)
		tree[name] = randomFile(random)
		if check(tree) != nil { // it took the place of a folder, or lies below a file
			delete(tree, name)
		}
	}
	return tree
}

func randomFile(random *rand.Rand) revision.File {
	switch random.IntN(5) {
	case 0:
		return revision.File{Link: randomText(random, letters+"/", 1, 150)}
	case 1:
		return revision.File{Data: []byte{}, Executable: random.IntN(2) == 0}
	default:
		return revision.File{Data: []byte(randomText(random, letters+"\x00", 1, 2000)), Executable: random.IntN(2) == 0}
	}
}

func copied(tree revision.Tree) revision.Tree {
	other := maps.Clone(tree)
	for name, file := range other {
		file.Data = slices.Clone(file.Data)
		other[name] = file
	}
	return other
}
