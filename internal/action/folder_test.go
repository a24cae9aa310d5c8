package action

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
)

// changes is a repository that knows one difference.
type changes struct {
	revision.Repository
	changed, removed []string
	err              error
}

func (c changes) Changed(context.Context, string, string) (changed, removed []string, err error) {
	return c.changed, c.removed, c.err
}

func text(content string) revision.File { return revision.File{Data: []byte(content)} }

func worker() settings.Placed {
	return settings.Placed{Target: settings.TargetHosts, Service: &settings.Service{
		Name: "worker", Config: &settings.Config{Path: "etc/./conf"},
		Hooks: settings.ServiceHooks{BeforePublish: "make migrate", AfterPublish: "make warm"},
		Hosts: &settings.Hosts{
			DeployTo: "/srv/worker", Unit: "worker", UnitFile: "deploy/worker.service", Build: "make", KeepReleases: 5,
			Check: &settings.Check{HTTP: "http://localhost:9000", Timeout: time.Minute},
		},
	}}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	s := &source{
		revision: revision.Revision{ID: "3f2c", Branch: "stable"},
		whole:    revision.Tree{"main.c": text("int main"), "etc/conf/old": text("source"), "deploy/worker.service": {Link: "../unit"}},
		files:    revision.Tree{"deploy/worker.service": text("[Service]")},
	}
	rendered := rendered{config: config.Tree{Files: revision.Tree{"app.conf": text("a")}}}
	folder, err := s.folder(worker(), rendered)
	require.NoError(t, err)
	assert.Equal(t, []string{
		archive.RevisionFile, archive.RevisionTimeFile, "deploy/worker.service", "etc/conf/app.conf", "main.c",
	}, folder.Source.Tree().Paths(), "the configuration takes the place of what the source has there")
	assert.Equal(t, archive.Manifest(folder.Source.Tree()), folder.Manifest)
	assert.Equal(t, "stable", folder.Branch)
	assert.Equal(t, "[Service]", string(folder.UnitFile), "a link is followed")
	assert.Equal(t, release.Hosting{
		DeployTo: "/srv/worker", Unit: "worker.service", Build: "make", ConfigPath: "etc/conf", KeepReleases: 5,
		BeforePublish: "make migrate", AfterPublish: "make warm", CheckURL: "http://localhost:9000", CheckTimeout: time.Minute,
	}, folder.Service)

	s.files = revision.Tree{}
	_, err = s.folder(worker(), rendered)
	require.ErrorContains(t, err, `deploy/worker.service: the unit file of service "worker" is not there`)

	s.whole["out"] = revision.File{Link: "/etc/passwd"}
	_, err = s.folder(worker(), rendered)
	var link *revision.LinkError
	require.ErrorAs(t, err, &link)
}

// What is recorded of secrets must not tell which guess at one is right.
func TestFolderWithSecrets(t *testing.T) {
	t.Parallel()
	s := &source{revision: revision.Revision{ID: "3f2c"}, whole: revision.Tree{"main.c": text("int main"), "secrets/all/pin.age": text("sealed")}}
	service := worker()
	service.Hosts.UnitFile, service.Secrets = "", &settings.Secrets{Path: "secrets"}
	folder := func(pin, sealed string) *release.Folder {
		made, err := s.folder(service, rendered{
			secrets: config.Tree{Files: revision.Tree{"pin": {Data: []byte(pin), Private: true}}}, sealed: revision.Tree{"pin": text(sealed)},
		})
		require.NoError(t, err)
		return made
	}
	made := folder("1234", "sealed")
	assert.Equal(t, []string{archive.RevisionFile, archive.RevisionTimeFile, "main.c", "secrets/pin"}, made.Source.Tree().Paths())
	assert.Equal(t, revision.File{Data: []byte("1234"), Private: true}, made.Source.Tree()["secrets/pin"])
	assert.Equal(t, "secrets", made.Service.SecretsPath)
	assert.NotEqual(t, archive.Manifest(made.Source.Tree()), made.Manifest)
	assert.Equal(t, made.Key(), folder("another, which can't be with the same key", "sealed").Key())
	assert.NotEqual(t, made.Key(), folder("1234", "sealed anew").Key())
}

func TestUnitName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "", "worker": "worker.service", "worker.service": "worker.service", "worker.timer": "worker.timer",
		"my.worker": "my.worker.service", "worker@1": "worker@1.service",
	} {
		assert.Equal(t, want, unitName(name))
	}
}

func TestChangesOfAFolder(t *testing.T) {
	t.Parallel()
	of := &folderSource{
		repository: changes{
			changed: []string{"b", "config/x", "shadowed"},
			removed: []string{"gone", "config/app.conf", "REVISION", "config/old"},
		},
		tree:     revision.Tree{"a": text(""), "b": text(""), "config/app.conf": text(""), "REVISION": text(""), "REVISION_TIME": text("")},
		rendered: []string{"config", ""},
	}
	changed, removed, err := of.Changed(t.Context(), "from")
	require.NoError(t, err)
	assert.Equal(t, []string{"REVISION", "REVISION_TIME", "b", "config/app.conf"}, changed)
	assert.Equal(t, []string{"gone", "shadowed"}, removed, "what lies below the configuration's path is cleared anyway")

	of.repository = changes{err: errors.New("unknown")}
	_, _, err = of.Changed(t.Context(), "from")
	require.ErrorContains(t, err, "unknown")
}
