// Package revision turns what a person calls a commit into one full commit, and
// reads the files of that commit, never those of the working copy.
package revision

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// The kinds of repository, as skycap.yaml spells them.
const (
	Mercurial = "hg"
	Git       = "git"
)

// Revision is one commit.
type Revision struct {
	ID      string // the full hash in lower-case hex
	Number  int    // Mercurial's local number, which differs between clones; -1 in Git
	Branch  string // Mercurial's branch of the commit; empty in Git
	Author  string
	Date    time.Time
	Summary string // the first line of the message

	Phase      Phase    // Mercurial's; empty in Git, where Repository.Phase looks for it
	Obsolete   bool     // it was rewritten, or pruned
	Successors []string // the full hashes of what it was rewritten as
}

// Short is the first 12 hex digits, as Mercurial prints a commit.
func (r Revision) Short() string {
	return r.ID[:min(12, len(r.ID))]
}

// Repository is a Mercurial or Git repository on this machine.
type Repository interface {
	// Kind is Mercurial or Git.
	Kind() string
	// Resolve finds the one commit that a name stands for. It returns an
	// *UnknownError, *AmbiguousError, *SeveralError, *HiddenError or *NameError.
	Resolve(ctx context.Context, name string) (Revision, error)
	// Files reads what lies at or below the given paths in a commit, or all of it
	// when there are none. A path that the commit doesn't have adds nothing. Links
	// stay links, and names are the bytes that the commit has. A submodule there is a
	// *SubrepositoryError; Mercurial's subrepositories add nothing: CheckSubrepositories
	// finds those. What is beyond the limit is listed, unread.
	Files(ctx context.Context, revision Revision, paths []string, limit Limit) (Tree, error)
	// Changed lists the files that differ between two commits in bytes, mode or link
	// or are new in the second, and those that only the first has; both sorted. A file
	// that was changed and changed back may be among the changed. Both commits are
	// full hashes; one that the repository doesn't have is an *UnknownError.
	Changed(ctx context.Context, from, to string) (changed, removed []string, err error)
	// Phase tells whether others have a commit that was resolved; empty where the
	// repository knows no others. In Git that may take long: the context ends it.
	Phase(ctx context.Context, revision Revision) (Phase, error)
	// Between lists the commits that one commit has in its history and another has
	// not, newest first and at most so many. Both are full hashes.
	Between(ctx context.Context, from, to string, most int) ([]Revision, error)
	// Source is the address that the repository was cloned from, without credentials;
	// empty where it has none that others could use.
	Source(ctx context.Context) (string, error)
	// Close ends the programs that the repository started.
	Close() error
}

// checkName refuses what a version control system could take for something
// else than a name: Mercurial runs shell commands from a revision argument that
// reads --config=alias.log=!command.
func checkName(name string) error {
	switch {
	case name == "":
		return &NameError{Name: name, Rule: "is empty"}
	case strings.HasPrefix(name, "-"):
		return &NameError{Name: name, Rule: "begins with a dash, which only options do"}
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return &NameError{Name: name, Rule: "has a control character"}
	}
	return nil
}

var fullHash = regexp.MustCompile(`^[0-9a-f]{40,64}$`)

// checkHashes refuses what is no full hash: only those travel on, and reach a revset.
func checkHashes(hashes ...string) error {
	for _, hash := range hashes {
		if !fullHash.MatchString(hash) {
			return &NameError{Name: hash, Rule: "is no full hash"}
		}
	}
	return nil
}

// NameError says that a text can't be the name of a revision.
type NameError struct {
	Name, Rule string
}

func (e *NameError) Error() string { return fmt.Sprintf("revision %q %s", e.Name, e.Rule) }

// UnknownError says that a repository has no commit of that name. Detail is
// what the version control system said.
type UnknownError struct {
	Name, Repository, Detail string

	Shallow bool // it is a clone of Git's whose history is cut off
}

func (e *UnknownError) Error() string {
	text := fmt.Sprintf("revision %q was not found in %q", e.Name, e.Repository)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// AmbiguousError says that several commits' hashes begin with a name.
type AmbiguousError struct {
	Name       string
	Candidates []Revision // in the repository's order, newest first
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("revision %q is ambiguous: %s", e.Name, list(e.Candidates))
}

// SeveralError says that a name, such as a Mercurial revset, stands for more than one commit.
type SeveralError struct {
	Name  string
	First []Revision // the first few
}

func (e *SeveralError) Error() string {
	return fmt.Sprintf("revision %q names more than one commit: %s …", e.Name, list(e.First))
}

// candidatesShown is how many commits an error lists.
const candidatesShown = 8

func list(revisions []Revision) string {
	shown := make([]string, 0, candidatesShown)
	for _, revision := range revisions[:min(candidatesShown, len(revisions))] {
		shown = append(shown, fmt.Sprintf("%s %q", revision.Short(), revision.Summary))
	}
	if more := len(revisions) - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(shown, ", ")
}
