package config

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/skycap/skycap/internal/revision"
)

// absent is what unified diffs call a file that isn't there.
const absent = "/dev/null"

// Diff is the unified diff of two states of a file under their labels, one line for
// what is not text, and empty where they are equal. Nil stands for a file that isn't there.
func Diff(oldLabel string, old *revision.File, newLabel string, updated *revision.File) string {
	if old == nil {
		old, oldLabel = &revision.File{}, absent
	}
	if updated == nil {
		updated, newLabel = &revision.File{}, absent
	}
	var text string
	if oldLabel != absent && newLabel != absent && old.Executable != updated.Executable {
		text = fmt.Sprintf("old mode %s\nnew mode %s\n", mode(old), mode(updated))
	}
	switch {
	case oldLabel == absent || newLabel == absent || !bytes.Equal(old.Data, updated.Data):
	default:
		return text
	}
	if !utf8.Valid(old.Data) || !utf8.Valid(updated.Data) {
		return text + fmt.Sprintf("Binary files %s and %s differ\n", oldLabel, newLabel)
	}
	unified := diff.Diff(oldLabel, old.Data, newLabel, updated.Data)
	if len(unified) == 0 { // an empty file comes or goes
		return text + fmt.Sprintf("--- %s\n+++ %s\n", oldLabel, newLabel)
	}
	_, unified, _ = bytes.Cut(unified, []byte("\n")) // it begins with a command line
	return text + string(unified)
}

// mode is a file's as git writes it.
func mode(file *revision.File) string {
	if file.Executable {
		return "100755"
	}
	return "100644"
}
