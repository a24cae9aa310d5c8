package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"github.com/skycap/skycap/internal/run"
)

// Keys is what the user can decrypt with.
type Keys struct {
	Runner     run.Runner
	Identities []string // paths of files with age identities, or of private keys of ssh
}

// ring is the identities of a user, read once.
type ring struct {
	Keys
	files []identityFile
}

// identityFile is a file that may hold identities.
type identityFile struct {
	path       string
	identities []age.Identity
	why        string // there are none
	program    bool   // only the program age can use it: it asks for a passphrase, or starts a plugin
}

func (k Keys) ring() *ring {
	made := &ring{Keys: k}
	for _, path := range k.Identities {
		made.files = append(made.files, readIdentities(path))
	}
	return made
}

func readIdentities(path string) identityFile {
	file := identityFile{path: path}
	text, err := os.ReadFile(path)
	var failed *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		file.why = "is not there"
	case errors.As(err, &failed):
		file.why = "can't be read: " + failed.Err.Error()
	case isAge(text) || bytes.Contains(text, []byte("AGE-PLUGIN-")):
		file.program = true
	case bytes.HasPrefix(text, []byte("-----BEGIN")):
		identity, err := agessh.ParseIdentity(text)
		file.identities, file.program = []age.Identity{identity}, err != nil
	default:
		if file.identities, err = age.ParseIdentities(bytes.NewReader(text)); err != nil {
			file.why = "holds no identity" // the error would quote the line
		}
	}
	if file.program {
		file.identities = nil
	}
	return file
}

// attempt says why a file of identities didn't help.
func (f identityFile) attempt() Attempt {
	if f.why != "" {
		return Attempt{With: f.path, Why: f.why}
	}
	if len(f.identities) == 1 {
		return Attempt{With: f.path, Why: "has an identity, which it is not encrypted for"}
	}
	return Attempt{With: f.path, Why: fmt.Sprintf("has %d identities, none of which it is encrypted for", len(f.identities))}
}
