// Package secret decrypts the files of a commit that age or SOPS has encrypted.
// What it decrypts is held in memory, and goes nowhere by itself: no file is
// written, and no program gets it as an argument.
package secret

import (
	"context"
	"errors"
	"strings"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/revision"
)

// Sealed is a service's secrets as a commit has them. Its Hash is over what is
// encrypted: the hash of a short secret itself would tell whoever reads the name of
// an object which guess is right. So it takes no key to know it, and equal files
// have equal hashes; what is encrypted anew has another, even if it says the same.
type Sealed struct {
	config.Tree // encrypted, by the paths that the files have once they are not
}

// Seal lays the layers over each other. Its error joins a *config.Fault for each
// thing that is wrong, such as a file that isn't encrypted.
func Seal(files revision.Tree, layers []string) (Sealed, error) {
	tree, err := config.Lay(files, layers, func(source, name string, file revision.File) (string, revision.File, error) {
		return targetOf(name), file, checkSealed(source, file)
	})
	return Sealed{tree}, err
}

// targetOf is a path without the suffix that says how the file is encrypted.
func targetOf(name string) string {
	for _, suffix := range []string{".age", ".sops"} {
		if cut, ok := strings.CutSuffix(name, suffix); ok && cut != "" && !strings.HasSuffix(cut, "/") {
			return cut
		}
	}
	return name
}

// MaxSealedSize is how large, in bytes, an encrypted file may be: a few times its content,
// for text in base64, and for what SOPS writes around each value.
const MaxSealedSize = 4 * config.MaxFileSize

func checkSealed(source string, file revision.File) error {
	if len(file.Data) > MaxSealedSize {
		return config.CheckSize(source, file.Data)
	}
	if !isAge(file.Data) && sopsType(source, file.Data) == "" {
		return &config.Fault{Path: source, Message: "is not encrypted, neither with age nor with SOPS; secrets must be"}
	}
	return nil
}

// Open decrypts all files. Its error joins one for each that can't be.
func (s Sealed) Open(ctx context.Context, keys *Keys) (config.Tree, error) {
	opened := s.Tree
	opened.Files = revision.Tree{}
	var faults []error
	for _, name := range s.Files.Paths() {
		source, file := s.Source(name), s.Files[name]
		data, err := keys.decrypt(ctx, source, file.Data)
		if ctx.Err() != nil {
			return opened, ctx.Err()
		}
		if err == nil {
			err = config.CheckSize(source, data)
		}
		faults = append(faults, err)
		opened.Files[name] = revision.File{Data: data, Executable: file.Executable, Private: true}
	}
	return opened, errors.Join(faults...)
}

func (k *Keys) decrypt(ctx context.Context, source string, data []byte) ([]byte, error) {
	k.atWork.Lock()
	defer k.atWork.Unlock()
	if isAge(data) {
		return k.decryptAge(ctx, source, data)
	}
	return k.decryptSops(ctx, source, data)
}
