package secret

import (
	"fmt"
	"strings"
)

// UndecryptableError says that a file can't be decrypted, and what was tried.
type UndecryptableError struct {
	Path       string // in the repository
	Sops       bool   // whether SOPS has encrypted it; else age
	Passphrase bool   // whether age has encrypted it with a passphrase, for no identity
	Tried      []Attempt
}

// Attempt is what was tried to decrypt with, and why it didn't help.
type Attempt struct {
	With string // a file of identities, or a program
	Why  string
}

func (e *UndecryptableError) Error() string {
	if e.Passphrase {
		return fmt.Sprintf("secret %q is encrypted with a passphrase (scrypt); it must be for identities, so that nobody is asked at each deploy", e.Path)
	}
	tried := make([]string, len(e.Tried))
	for i, attempt := range e.Tried {
		tried[i] = fmt.Sprintf("%q %s", attempt.With, attempt.Why)
	}
	if len(tried) == 0 {
		tried = []string{"there is no identity"}
	}
	return fmt.Sprintf("secret %q can't be decrypted: %s", e.Path, strings.Join(tried, "; "))
}
