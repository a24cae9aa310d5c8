package action

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/pkg/skycap"
)

// shelf is a repository of one revision, which writes down what was read.
type shelf struct {
	revision.Repository
	tree   revision.Tree
	sizes  map[string]int64 // of files that are larger than what tree has of them
	read   []string
	closed bool
	phase  revision.Phase
	fault  error // of Phase
}

const hash = "3f2c1a9b8d703f2c1a9b8d703f2c1a9b8d703f2c"

func (s *shelf) Phase(context.Context, revision.Revision) (revision.Phase, error) {
	return s.phase, s.fault
}

func (s *shelf) Kind() string { return revision.Git }

func (s *shelf) Resolve(context.Context, string) (revision.Revision, error) {
	return revision.Revision{ID: hash, Date: time.Unix(1, 0)}, nil
}

func (s *shelf) Files(_ context.Context, _ revision.Revision, paths []string, limit revision.Limit) (revision.Tree, error) {
	s.read = append(s.read, strings.Join(paths, " "))
	if len(paths) == 0 {
		paths = []string{"."}
	}
	found := revision.Tree{}
	for _, path := range paths {
		for name, file := range s.tree {
			if _, ok := revision.From(path, name); !ok {
				continue
			}
			found[name] = file
		}
	}
	if limit == (revision.Limit{}) {
		return found, nil
	}
	var total int64
	for name := range found {
		if size := s.sizes[name]; size <= limit.Size {
			total += size
		}
	}
	for name, file := range found {
		switch size := s.sizes[name]; {
		case len(found) > limit.Files:
			file.Unread = revision.Unsized
		case size > limit.Size || total > limit.Total:
			file.Unread = size
		case size > 0:
			file.Data = make([]byte, size)
		}
		found[name] = file
	}
	return found, nil
}

func (s *shelf) Close() error { s.closed = true; return nil }

// shop is a skycap.yaml with web in a namespace, and with worker on hosts. What it
// has more stands in both.
const shop = `app: shop
services:
  web:
    kubernetes: {manifests: web.yaml}
  worker:
    image: registry.example.com/never/asked
    config: {from: [config], path: etc}
    hosts: {deploy_to: /srv/worker, unit: worker}
environments:
  staging:
    kubernetes: {context: staging, namespace: shop}
    hosts: {worker: [%s]}
`

const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: web}]}\n"

// preparing is an operator whose skycap.yaml is here, and a repository.
func preparing(t *testing.T, here string, tree revision.Tree) (*Operator, *shelf) {
	t.Helper()
	project, err := settings.Parse(settings.FileName, []byte(here))
	require.NoError(t, err)
	kept := &shelf{tree: tree}
	talk := report.New(report.Options{Out: io.Discard, Err: io.Discard})
	t.Cleanup(talk.Close)
	return &Operator{
		Project: project, Report: talk, Now: time.Now,
		Repository: func(context.Context) (revision.Repository, error) { return kept, nil },
	}, kept
}

func TestPrepareForHosts(t *testing.T) {
	t.Parallel()
	file := fmt.Sprintf(shop, "worker1")
	o, repository := preparing(t, file, revision.Tree{
		settings.FileName: text(file), "web.yaml": text(pod), "main.c": text("int main"),
		"config/app.conf.tmpl": text(`web is at {{ addr "web" }}, worker at {{ addr "worker" }}`),
	})
	var made *release.Release
	err := o.Prepare(t.Context(), Wanted{Revision: "tip", Environment: "staging"}, func(prepared *release.Release) error {
		assert.False(t, repository.closed, "folders are made from the repository")
		made = prepared
		return nil
	})
	require.NoError(t, err)
	assert.True(t, repository.closed)
	require.Len(t, made.Services, 2)

	web, ok := made.At(release.Place{Service: "web", Target: skycap.TargetKubernetes})
	require.True(t, ok)
	assert.Len(t, web.Objects, 1)
	assert.Nil(t, web.Folder)

	worker, ok := made.At(release.Place{Service: "worker", Target: skycap.TargetHosts})
	require.True(t, ok)
	assert.Empty(t, worker.Images, "no image is asked for")
	assert.Empty(t, worker.Objects)
	assert.NotEmpty(t, worker.Config)
	assert.Equal(t, "worker.service", worker.Folder.Service.Unit)
	assert.Equal(t, "web is at web.shop.svc, worker at worker1", string(worker.Folder.Source.Tree()["etc/app.conf"].Data))
	assert.Contains(t, worker.Folder.Source.Tree(), "main.c")
}

func TestTheWholeTreeIsReadForHostsOnly(t *testing.T) {
	t.Parallel()
	file := fmt.Sprintf(shop, "worker1")
	o, repository := preparing(t, file, revision.Tree{settings.FileName: text(file), "web.yaml": text(pod)})
	wanted := Wanted{Revision: "tip", Environment: "staging", Services: []string{"web"}}
	require.NoError(t, o.Prepare(t.Context(), wanted, func(*release.Release) error { return nil }))
	assert.Equal(t, []string{settings.FileName + " .gitmodules", "web.yaml"}, repository.read)
}

func TestAFaultEndsTheWaitForImages(t *testing.T) {
	t.Parallel()
	empty := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(empty.Close)
	file := fmt.Sprintf(shop, "worker1")
	file = strings.Replace(file, "    kubernetes:", "    image: "+strings.TrimPrefix(empty.URL, "http://")+"/web\n    kubernetes:", 1)
	o, _ := preparing(t, file, revision.Tree{settings.FileName: text(file), "web.yaml": text("kind: Pod")})
	var err error
	o.Registry, err = image.Open(run.Local{}, func(string) string { return "" })
	require.NoError(t, err)
	began := time.Now()
	err = o.Prepare(t.Context(), Wanted{Revision: "tip", Environment: "staging", Services: []string{"web"}, WaitImage: time.Hour}, nil)
	require.ErrorContains(t, err, "is no Kubernetes object")
	require.NotErrorAs(t, err, new(*image.NotFoundError), "it may still come")
	assert.Less(t, time.Since(began), time.Minute)
}

func TestAddrOfSeveralHosts(t *testing.T) {
	t.Parallel()
	file := fmt.Sprintf(shop, "worker1, worker2")
	o, _ := preparing(t, file, revision.Tree{
		settings.FileName: text(file), "config/app.conf.tmpl": text(`{{ addr "worker" }}`),
	})
	err := o.Prepare(t.Context(), Wanted{Revision: "tip", Environment: "staging", Services: []string{"worker"}}, nil)
	require.ErrorContains(t, err, `service "worker" runs on 2 hosts in environment "staging": addr knows only where one answers`)
}

func TestAServiceInATargetThatNobodyReachesForIsRefused(t *testing.T) {
	t.Parallel()
	here := strings.ReplaceAll(fmt.Sprintf(shop, "worker1"), "kubernetes: {manifests: web.yaml}", "hosts: {deploy_to: /srv/web, unit: web}")
	here = strings.ReplaceAll(here, "[worker1]", "[worker1], web: [web1]")
	o, _ := preparing(t, here, revision.Tree{settings.FileName: text(fmt.Sprintf(shop, "worker1"))})
	err := o.Prepare(t.Context(), Wanted{Revision: "tip", Environment: "staging", Services: []string{"web"}}, nil)
	var elsewhere *ElsewhereError
	require.ErrorAs(t, err, &elsewhere)
	assert.Equal(t, &ElsewhereError{Service: "web", Environment: "staging", Target: skycap.TargetKubernetes}, elsewhere)
}
