package cli

import (
	"errors"
	"regexp"
	"strings"

	"github.com/skycap/skycap/internal/revision"
)

// adviseOnSource knows the errors of repositories.
func (s *session) adviseOnSource(err error) string {
	var (
		unknown   *revision.UnknownError
		ambiguous *revision.AmbiguousError
		several   *revision.SeveralError
		none      *revision.NoRepositoryError
		remote    *revision.RemoteError
		link      *revision.LinkError
		others    *revision.SubrepositoryError
		hidden    *revision.HiddenError
		copied    *revision.CopyError
		large     *revision.LargefilesError
		chatter   *revision.ChatterError
	)
	switch {
	case errors.As(err, &unknown) && revision.IsAddress(unknown.Repository):
		return "it may not be there yet: hg push, or git push" + aliases(unknown)
	case errors.As(err, &unknown) && unknown.Shallow:
		return quoted(unknown.Repository) + " is a shallow clone, which lacks what is older: git fetch --unshallow"
	case errors.As(err, &unknown):
		return "it may not be here yet: pull it into " + quoted(unknown.Repository) + ", as with hg pull or git fetch" + aliases(unknown)
	case errors.As(err, &hidden) && len(hidden.Revision.Successors) > 0:
		return "to take what it was rewritten as: " + commandLine(replaced(s.args, hidden.Name, hidden.Revision.Successors[0]))
	case errors.As(err, &hidden):
		return "to see what became of it: hg log --hidden --rev " + hidden.Revision.Short()
	case errors.As(err, &ambiguous):
		return "type more digits, as in: skycap resolve " + ambiguous.Candidates[0].Short()
	case errors.As(err, &several):
		return "take one of them: skycap resolve " + quoted("last("+several.Name+")")
	case errors.As(err, &remote):
		return adviseOnRemote(remote)
	case errors.As(err, &copied):
		return "make room, or mend the rights there; to have copies elsewhere, set XDG_CACHE_HOME"
	case errors.As(err, &large):
		return "make it a file of the repository: hg forget " + quoted(large.Paths[0]) + ", then hg add --normal " + quoted(large.Paths[0])
	case errors.As(err, &chatter):
		return "an extension or a hook in your hgrc prints that: hg config extensions hooks"
	case errors.As(err, &none):
		return "skycap works in a clone: hg clone <url>, or git clone <url>"
	case errors.As(err, &link):
		return "links in the repository may point to files of the repository only, and to no folder around them"
	case errors.As(err, &others) && others.Kind == revision.Git:
		return "make their files those of the repository: remove .git there, then git rm --cached " + quoted(others.Paths[0]) + " and git add"
	case errors.As(err, &others):
		return "make their files those of the repository: remove .hg there, and their lines from .hgsub, then hg add " + quoted(others.Paths[0])
	}
	return ""
}

// What hg and git say where they aren't let in, and git of a clone that lacks what it is
// asked for.
var (
	notLetIn = regexp.MustCompile(`(?i)\b401\b|authentication failed|could not read (username|password)|authorization failed|authorization required`)
	lacking  = regexp.MustCompile(`(?i)lazy fetching disabled|promisor remote`)
)

// adviseOnRemote tells whether the credentials are missing, or how to look at what is there.
func adviseOnRemote(remote *revision.RemoteError) string {
	look := "git ls-remote " + remote.URL
	if remote.Kind == revision.Mercurial {
		look = "hg identify " + remote.URL
	}
	switch refused := notLetIn.MatchString(remote.Detail); {
	case refused && remote.Kind == revision.Mercurial:
		return "credentials belong in [auth] of your hgrc, or in the keyring (hg help config.auth); then try: " + look
	case refused:
		return "credentials belong in a credential helper of git (git help credentials); then try: " + look
	case lacking.MatchString(remote.Detail):
		return "it is a partial clone, which can't give what it lacks itself: take the repository that it was cloned from"
	}
	return "is it there, and may you read it? " + look
}

// aliases tells who may have meant one of their own that those don't count: a name means
// the same for everybody.
func aliases(unknown *revision.UnknownError) string {
	for _, said := range []string{"unknown revision", "unknown identifier"} { // hg's words
		if strings.HasPrefix(unknown.Detail, said) {
			return "; revsetalias in your hgrc doesn't count"
		}
	}
	return ""
}
