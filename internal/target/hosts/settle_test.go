package hosts

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/pkg/skycap"
)

func TestCleanUpKeepsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	const a, b, c, d, e, f = "20150101000000", "20150102000000", "20150103000000", "20150104000000", "20150105000000", "20150106000000"
	type results = map[string]skycap.Word // of the records, by folder; numbered in order
	tests := map[string]struct {
		found   []string
		records results
		left    string // what was current
		name    string // what is
		keep    int
		want    []string
	}{
		"Capistrano's count by name, and the new one counts": {found: []string{a, b, c}, left: c, name: d, keep: 2, want: []string{b, a}},
		"no more than there are":                             {found: []string{a}, left: a, name: b, keep: 2},
		"broken ones go first, and don't count": {
			found: []string{a, b, c, d}, records: results{a: skycap.ResultOK, b: skycap.ResultUnhealthy, c: skycap.ResultFailed, d: skycap.ResultOK},
			left: d, name: e, keep: 3, want: []string{c, b},
		},
		"one that was cut off goes": {
			found: []string{a, b}, records: results{a: skycap.ResultOK, b: skycap.ResultInterrupted}, left: a, name: c, keep: 5, want: []string{b},
		},
		"the last healthy one stays, however few are kept": {
			found: []string{a, b, c}, records: results{a: skycap.ResultOK, b: skycap.ResultUnhealthy, c: skycap.ResultUnhealthy},
			left: c, name: d, keep: 1, want: []string{c, b},
		},
		"what Capistrano ran stays, however few are kept": {found: []string{a, b}, records: results{a: skycap.ResultOK}, left: b, name: c, keep: 1, want: []string{a}},
		"what runs stays, though others are newer":        {found: []string{a, b, c, d}, left: b, name: a, keep: 2, want: []string{d, c}},
		"a folder that Capistrano removed keeps no place": {found: []string{a, c}, records: results{a: skycap.ResultOK, b: skycap.ResultOK}, left: c, name: d, keep: 2, want: []string{a}},
		"what nobody waited for counts":                   {found: []string{a, b, c}, records: results{a: skycap.ResultOK, b: "", c: skycap.ResultOK}, left: c, name: d, keep: 3, want: []string{a}},
		"one that was healthy once isn't broken":          {found: []string{a, b}, records: results{a: skycap.ResultOK}, left: b, name: a, keep: 2},
		"foreign names stay":                              {found: []string{"20140101", a, b, "backup", "current.old"}, left: b, name: c, keep: 1, want: []string{a}},
		"newest names first":                              {found: []string{a, b, c, d, e}, left: e, name: f, keep: 3, want: []string{c, b, a}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &host{group: &group{service: "worker"}, records: map[int]record{}}
			for i, folder := range []string{a, b, c, d, e, f} {
				if result, ok := test.records[folder]; ok {
					h.records[i+1] = record{Folder: folder, Summary: skycap.Release{Number: i + 1, Services: []string{"worker"}, Result: result}}
				}
			}
			h.todo = todo{name: test.name, left: test.left}
			for _, name := range test.found {
				h.todo.found = append(h.todo.found, folder{name: name})
			}
			service := release.Service{Name: "worker", Folder: &release.Folder{Service: release.Hosting{KeepReleases: test.keep}}}
			assert.Equal(t, test.want, h.obsolete(service, 99))
		})
	}
}

func TestCleanUpRemovesFoldersOnTheHost(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.capistrano3()
	s.keep("releases/by-hand/x", "")
	s.keep("releases/20150101000000.bak/x", "")
	hosting := s.hosting()
	hosting.KeepReleases = 2
	first := s.ours("1", hosting)
	assert.Equal(t, []string{"20150101000000", "20150101000000.bak", first, "by-hand"}, s.folderNames())

	broken := hosting
	broken.CheckCommand, broken.CheckTimeout = "exit 1", time.Second
	rev, from := commit("2", revision.Tree{"a": {}}, nil)
	result := s.deploy(t.Context(), s.open(broken, 0), s.releaseOf(rev, from, broken))
	require.NoError(t, result.err, result.failedIn)
	require.Equal(t, skycap.StateDegraded, result.assessment.State)
	second := s.current("h1")
	assert.Contains(t, s.folderNames(), "20150101000000", "a deploy that failed cleans nothing up")

	third := s.ours("3", hosting)
	assert.NotContains(t, s.folderNames(), second)
	assert.Equal(t, []string{"20150101000000.bak", first, third, "by-hand"}, s.folderNames())
	assert.Empty(t, s.read("h1", ".skycap/folders/"+second))
}
