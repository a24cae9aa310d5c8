package action

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
)

const kitchen = `app: shop
revision: {tag: "%s"}
services:
  api:
    image: r.example.com/api
    kubernetes: {manifests: k}
    build: {context: ./api/, dockerfile: ./build/Dockerfile}
  cron:
    image: r.example.com/api
    kubernetes: {manifests: k}
    build: {context: api, dockerfile: build/Dockerfile}
  pair:
    images: {one: r.example.com/one, two: r.example.com/two}
    kubernetes: {manifests: k}
  odd:
    image: r.example.com/one
    kubernetes: {manifests: k}
  worker:
    hosts: {deploy_to: /srv/worker}
`

// cook makes the recipes of services as skycap.yaml has them.
func cook(t *testing.T, tag string, services ...string) ([]*recipe, error) {
	t.Helper()
	project, err := settings.Parse(settings.FileName, fmt.Appendf(nil, kitchen, tag))
	require.NoError(t, err)
	build := &Build{Operator: &Operator{Project: project}, Wanted: Wanted{Services: services}}
	return build.recipes(&source{project: project, revision: revision.Revision{ID: "3f2c1a9b8d703f2c1a9b8d703f2c1a9b8d703f2c", Branch: "feature/x y"}})
}

func TestRecipes(t *testing.T) {
	t.Parallel()
	recipes, err := cook(t, "{{ .Short }}", "api", "cron", "pair")
	require.NoError(t, err)
	var got [][]string
	for _, r := range recipes {
		got = append(got, []string{r.service, r.image.Reference, r.context, r.image.Dockerfile, r.image.Stage})
	}
	assert.Equal(t, [][]string{
		{"api", "r.example.com/api:3f2c1a9b8d70", "api", "build/Dockerfile", ""}, // and cron's, once
		{"pair", "r.example.com/one:3f2c1a9b8d70", ".", "Dockerfile", "one"},
		{"pair", "r.example.com/two:3f2c1a9b8d70", ".", "Dockerfile", "two"},
	}, got)
}

func TestRecipesThatCantBe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tag      string
		services []string
		want     any
	}{
		{"a", []string{"worker"}, new(*NoImageError)},
		{"a", []string{"pair", "odd"}, new(*SharedImageError)},
		{"a", nil, new(*SharedImageError)},
		{"a", []string{"nobody"}, new(*settings.UnknownError)},
		{"{{ .Branch }}", []string{"api"}, new(*image.TagError)},
	} {
		_, err := cook(t, test.tag, test.services...)
		require.ErrorAs(t, err, test.want, "%+v", test)
	}
}

func TestDockerfileIsThatOfTheRevision(t *testing.T) {
	t.Parallel()
	file := revision.File{Data: []byte("FROM scratch\n")}
	for _, test := range []struct {
		tree  revision.Tree
		asked string
		want  string // its path in the context; empty: there is none
	}{
		{revision.Tree{"api/Dockerfile": file, "api/Containerfile": file}, "Dockerfile", "Dockerfile"},
		{revision.Tree{"api/Containerfile": file}, "Dockerfile", "Containerfile"},
		{revision.Tree{"api/x/Containerfile": file}, "x/Dockerfile", "x/Containerfile"},
		{revision.Tree{"api/Containerfile": file}, "web.Dockerfile", ""},
		{revision.Tree{"Dockerfile": file, "api/main.c": file}, "Dockerfile", ""},
		{revision.Tree{"api/Dockerfile": {Link: "../base/Dockerfile"}, "base/Dockerfile": file}, "Dockerfile", "Dockerfile"},
	} {
		made := &recipe{service: "api", context: "api"}
		made.image.Dockerfile = test.asked
		s := &source{repository: &shelf{tree: test.tree}, revision: revision.Revision{ID: "3f2c1a9b8d70", Date: time.Unix(7, 0)}}
		err := (&Operator{}).readContexts(t.Context(), s, []*recipe{made})
		if test.want == "" {
			var none *NoDockerfileError
			require.ErrorAs(t, err, &none, "%+v", test)
			assert.Equal(t, "api/"+test.asked, none.Path)
			continue
		}
		require.NoError(t, err, "%+v", test)
		assert.Equal(t, test.want, made.image.Dockerfile)
		assert.Equal(t, file, made.image.Context[test.want], "a link's place is taken by the file")
		assert.Equal(t, time.Unix(7, 0), made.image.Time)
	}
}
