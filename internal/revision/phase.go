package revision

import (
	"fmt"
	"strings"
)

// Phase is how far a commit got around, in Mercurial's words.
type Phase string

// Phases. What is not public may still be rewritten, and others may not have it. In Git
// a draft is a commit that no branch of a remote has, as far as was fetched.
const (
	Public Phase = "public"
	Draft  Phase = "draft"
	Secret Phase = "secret"
)

// Fate says what became of an obsolete commit.
func (r Revision) Fate() string {
	if len(r.Successors) == 0 {
		return "was pruned"
	}
	successors := make([]string, len(r.Successors))
	for i, id := range r.Successors {
		successors[i] = Revision{ID: id}.Short()
	}
	return "was rewritten as " + strings.Join(successors, ", ")
}

// HiddenError says that Mercurial hides a commit, since it is obsolete.
type HiddenError struct {
	Name, Repository string
	Revision         Revision // with its successors
}

func (e *HiddenError) Error() string {
	return fmt.Sprintf("revision %q is obsolete, and hidden in %q: it %s", e.Name, e.Repository, e.Revision.Fate())
}
