package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"filippo.io/age"
	"filippo.io/age/agessh"

	"github.com/skycap/skycap/internal/run"
)

// Keys is what the user can decrypt with. What is asked of the user is asked once.
type Keys struct {
	Runner     run.Runner
	Identities []string     // paths of files with age identities, or of private keys of ssh
	Told       func(string) // is told what the user is asked for

	atWork sync.Mutex
	files  []*identityFile // nil until the first secret
}

// identityFile is a file that may hold identities.
type identityFile struct {
	path       string
	identities []age.Identity
	why        string // there are none
	program    bool   // only the program age can use it: it asks for a passphrase, or starts a plugin
	sealed     []byte // identities that a passphrase opens; nil once they are
}

// identityFiles are read once.
func (k *Keys) identityFiles() []*identityFile {
	if k.files == nil {
		for _, path := range k.Identities {
			k.files = append(k.files, readIdentities(path))
		}
	}
	return k.files
}

func readIdentities(path string) *identityFile {
	file := &identityFile{path: path}
	text, err := os.ReadFile(path)
	var failed *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		file.why = "is not there"
	case errors.As(err, &failed):
		file.why = "can't be read: " + failed.Err.Error()
	case isAge(text):
		file.sealed = text
	default:
		file.parse(text)
	}
	return file
}

// parse takes the identities of a text, or leaves them to the program age.
func (f *identityFile) parse(text []byte) {
	switch {
	case bytes.Contains(text, []byte("AGE-PLUGIN-")):
		f.program = true
	case bytes.HasPrefix(text, []byte("-----BEGIN")):
		identity, err := agessh.ParseIdentity(text)
		if f.program = err != nil; !f.program {
			f.identities = []age.Identity{identity}
		}
	default:
		identities, err := age.ParseIdentities(bytes.NewReader(text))
		if f.identities = identities; err != nil {
			f.why = "holds no identity" // the error would quote the line
		}
	}
}

// whyNot says why a file of identities didn't help.
func (f *identityFile) whyNot() string {
	if f.why != "" {
		return f.why
	}
	if len(f.identities) == 1 {
		return "has an identity, which it is not encrypted for"
	}
	return fmt.Sprintf("has %d identities, none of which it is encrypted for", len(f.identities))
}
