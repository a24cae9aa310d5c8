package release

import (
	"slices"

	"github.com/skycap/skycap/pkg/skycap"
)

// Recorded is the newest of the releases that the services are of, and its
// result, if each of these is of the same revision, images, configuration and folder.
// Resumes tells whether it was cut off, and so is to be taken up again. Releases
// are newest first.
func Recorded(r *Release, releases []skycap.Release) (number int, result skycap.Word, resumes bool) {
	var found skycap.Release
	wanted := r.running()
	for _, name := range r.Names() {
		newest, ok := Of(releases, name)
		if !ok || newest.Revision != r.Revision.ID || !isSame(newest.Running[name], wanted[name]) {
			return 0, "", false
		}
		if newest.Number > found.Number {
			found = newest
		}
	}
	resumes = found.Number > 0 && Unfinished(found) && found.Kind == r.Kind && slices.Equal(found.Services, r.Names())
	return found.Number, found.Result, resumes
}

func isSame(a, b skycap.Running) bool {
	return a.Config == b.Config && a.Secrets == b.Secrets && a.Folder == b.Folder && slices.Equal(a.Digests, b.Digests)
}
