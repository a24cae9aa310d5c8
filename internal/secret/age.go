package secret

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
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

// decryptAge tries all identities that can be used without asking anybody, and then
// the user's own age program with those files that only it can use.
func (r *ring) decryptAge(ctx context.Context, source string, data []byte) ([]byte, error) {
	failed := &UndecryptableError{Path: source}
	var identities []age.Identity
	for _, file := range r.files {
		identities = append(identities, file.identities...)
		if !file.program {
			failed.Tried = append(failed.Tried, file.attempt())
		}
	}
	opened, err := open(data, identities)
	var none *age.NoIdentityMatchError
	switch {
	case err == nil:
		return opened, nil
	case len(identities) > 0 && !errors.As(err, &none):
		return nil, &config.Fault{Path: source, Message: "is damaged, so age can't decrypt it: " + err.Error()}
	}
	for _, file := range r.files {
		if !file.program {
			continue
		}
		opened, err := r.runAge(ctx, file.path, data)
		if err == nil {
			return opened, nil
		}
		failed.Tried = append(failed.Tried, Attempt{With: file.path, Why: "is for the program age, which failed: " + reason(err)})
	}
	return nil, failed
}

func open(data []byte, identities []age.Identity) ([]byte, error) {
	var sealed io.Reader = bytes.NewReader(data)
	if isArmored(data) {
		sealed = armor.NewReader(bufio.NewReader(sealed))
	}
	opened, err := age.Decrypt(sealed, identities...)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(opened)
}

// runAge has age decrypt what its stdin is given, and may let it ask on the terminal.
func (r *ring) runAge(ctx context.Context, identities string, data []byte) ([]byte, error) {
	var opened bytes.Buffer
	err := r.Runner.Run(ctx, run.Command{
		Name: "age", Args: []string{"--decrypt", "--identity", identities},
		Stdin: bytes.NewReader(data), Stdout: &opened, Foreground: true,
	})
	return opened.Bytes(), err
}

// reason is why a program failed, in one line.
func reason(err error) string {
	var exit *run.ExitError
	if errors.As(err, &exit) && exit.Stderr != "" {
		return strings.Join(strings.Fields(exit.Stderr), " ")
	}
	return err.Error()
}
