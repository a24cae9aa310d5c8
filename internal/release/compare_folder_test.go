package release

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skycap/skycap/pkg/skycap"
)

func TestCompareFolders(t *testing.T) {
	t.Parallel()
	on := func(folder Folder) Service { return Service{Name: "worker", Folder: &folder} }
	was := Folder{
		Manifest: "aaaaaaaaaaaaaaaa", UnitFile: []byte("[Unit]"),
		Service: Hosting{DeployTo: "/srv/worker", Build: "make", KeepReleases: 5},
	}
	assert.Empty(t, Compare(on(was), on(was)).Fields)
	assert.Empty(t, Compare(Service{Name: "worker"}, on(was)).Fields, "it ran elsewhere")

	is := was
	is.Manifest, is.UnitFile, is.Service.Build = "bbbbbbbbbbbbbbbb", []byte("[Service]"), "make all"
	changes := Compare(on(was), on(is)).Fields
	if assert.Len(t, changes, 1) {
		assert.Equal(t, "/srv/worker", changes[0].Name)
		var paths []string
		for _, field := range changes[0].Fields {
			paths = append(paths, field.Path)
		}
		assert.ElementsMatch(t, []string{"manifest", "service.build", "unitFile"}, paths)
		assert.Contains(t, changes[0].Fields, skycap.FieldChange{Path: "manifest", Old: "aaaaaaaaaaaa", New: "bbbbbbbbbbbb"})
		assert.NotContains(t, changes[0].Fields, skycap.FieldChange{Path: "unitFile", Old: "[Unit]", New: "[Service]"})
	}
}
