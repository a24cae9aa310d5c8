package secret

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/run"
)

// isAge reports whether age has encrypted a file, in binary or as text.
func isAge(data []byte) bool {
	return bytes.HasPrefix(data, []byte("age-encryption.org/v1\n")) || isArmored(data)
}

func isArmored(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(data), []byte(armor.Header))
}

// decryptAge tries all identities that can be used without asking anybody, then those
// that a passphrase opens, and then the user's own age program with those files that only
// it can use.
func (k *Keys) decryptAge(ctx context.Context, source string, data []byte) ([]byte, error) {
	failed := &UndecryptableError{Path: source}
	for _, file := range append([]*identityFile{{}}, k.identityFiles()...) { // the first: for whom is it encrypted?
		opened, err := open(data, file.identities)
		var other *age.NoIdentityMatchError
		switch {
		case err == nil:
			return opened, nil
		case !errors.As(err, &other):
			return nil, &config.Fault{Path: source, Message: "is damaged, so age can't decrypt it: " + err.Error()}
		case slices.Contains(other.StanzaTypes, "scrypt"):
			failed.Passphrase = true
			return nil, failed
		}
	}
	for _, file := range k.identityFiles() {
		opened, why := k.ask(ctx, file, data)
		if why == "" {
			return opened, nil
		}
		failed.Tried = append(failed.Tried, Attempt{With: file.path, Why: why})
	}
	return nil, failed
}

// ask decrypts with a file of identities that the user may be asked for, and says why it
// can't.
func (k *Keys) ask(ctx context.Context, file *identityFile, data []byte) (opened []byte, why string) {
	if file.sealed != nil {
		k.Told(fmt.Sprintf("the identities in %q have a passphrase, which age asks for", file.path))
		text, err := k.runAge(ctx, file.sealed)
		if file.sealed = nil; err != nil {
			file.why = "needs its passphrase, which the program age was to ask for; it failed: " + reason(err)
			return nil, file.why
		}
		file.parse(text)
		opened, err := open(data, file.identities)
		var other *age.NoIdentityMatchError
		switch {
		case err == nil:
			return opened, ""
		case !errors.As(err, &other):
			return nil, "has an identity, which it is encrypted for, but it is damaged: " + err.Error()
		}
	}
	if !file.program {
		return nil, file.whyNot()
	}
	opened, err := k.runAge(ctx, data, "--identity", file.path)
	if err != nil {
		return nil, "is for the program age, which failed: " + reason(err)
	}
	return opened, ""
}

// nobody is an identity that nothing is encrypted for.
type nobody struct{}

func (nobody) Unwrap([]*age.Stanza) ([]byte, error) { return nil, age.ErrIncorrectIdentity }

func open(data []byte, identities []age.Identity) ([]byte, error) {
	var sealed io.Reader = bytes.NewReader(data)
	if isArmored(data) {
		sealed = armor.NewReader(bufio.NewReader(sealed))
	}
	opened, err := age.Decrypt(sealed, append([]age.Identity{nobody{}}, identities...)...)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(opened)
}

// runAge has age decrypt what its stdin is given, and may let it ask on the terminal.
func (k *Keys) runAge(ctx context.Context, data []byte, flags ...string) ([]byte, error) {
	var opened bytes.Buffer
	err := k.Runner.Run(ctx, run.Command{
		Name: "age", Args: append([]string{"--decrypt"}, flags...),
		Stdin: bytes.NewReader(data), Stdout: &opened, Foreground: true,
	})
	return opened.Bytes(), err
}

// reason is why a program failed, in one line.
func reason(err error) string {
	var exit *run.ExitError
	if !errors.As(err, &exit) || exit.Stderr == "" {
		return err.Error()
	}
	said := strings.Join(strings.Fields(exit.Stderr), " ")
	said, _, _ = strings.Cut(said, " age: report unexpected or unhelpful errors at ") // which is how age ends
	return strings.TrimPrefix(said, "age: error: ")
}
