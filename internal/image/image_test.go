package image

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/skycap/skycap/internal/revision"
)

const commit = "3f2c1a9b8d703f2c1a9b8d703f2c1a9b8d703f2c"

func TestCheckLabel(t *testing.T) {
	t.Parallel()
	of := revision.Revision{ID: commit}
	for _, test := range []struct {
		label  string
		demand bool
		want   any
	}{
		{label: commit},
		{label: commit, demand: true},
		{label: commit[:12]},
		{label: ""},
		{label: "", demand: true, want: new(*UnlabelledError)},
		{label: commit[:7], want: new(*MismatchError)},
		{label: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", want: new(*MismatchError)},
	} {
		err := Check(Image{Revision: test.label}, of, test.demand)
		if test.want == nil {
			assert.NoError(t, err, "%+v", test)
		} else {
			assert.ErrorAs(t, err, test.want, "%+v", test)
		}
	}
}

func TestReferenceParts(t *testing.T) {
	t.Parallel()
	for reference, want := range map[string]string{
		"web":                           "web",
		"web:1":                         "web",
		"localhost:5000/shop/web":       "localhost:5000/shop/web",
		"localhost:5000/shop/web:1":     "localhost:5000/shop/web",
		"localhost:5000/web:1@sha256:a": "localhost:5000/web",
		"r.example.com/web@sha256:a":    "r.example.com/web",
	} {
		assert.Equal(t, want, Repository(reference), reference)
	}
	assert.Equal(t, "sha256:a", Digest("web:1@sha256:a"))
	assert.Empty(t, Digest("web:1"))
}
