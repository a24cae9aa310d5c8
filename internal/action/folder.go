package action

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/skycap/skycap/internal/archive"
	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
)

// folder is a service's release folder on hosts: all of the revision, with the
// rendered configuration and the secrets at their places. Its recorded manifest has
// the secrets as they are encrypted: that of the secrets themselves would tell which
// guess at a short one is right.
func (s *source) folder(service settings.Placed, rendered rendered) (*release.Folder, error) {
	hosting := HostingOf(service.Service)
	configuration := archive.Part{Path: hosting.ConfigPath, Files: rendered.config.Files}
	tree, err := archive.Compose(s.whole, s.revision, configuration, archive.Part{Path: hosting.SecretsPath, Files: rendered.secrets.Files})
	sealed, sealedErr := archive.Compose(s.whole, s.revision, configuration, archive.Part{Path: hosting.SecretsPath, Files: rendered.sealed})
	if err := cmp.Or(err, sealedErr); err != nil {
		return nil, fmt.Errorf("service %q: %w", service.Name, err)
	}
	if err := tree.CheckLinks(); err != nil {
		return nil, err
	}
	unit, err := s.unitFile(service)
	if err != nil {
		return nil, err
	}
	return &release.Folder{
		Manifest: archive.Manifest(sealed), Branch: s.revision.Branch, Service: hosting, UnitFile: unit,
		Source: &folderSource{
			repository: s.repository, revision: s.revision.ID, tree: tree, rendered: []string{hosting.ConfigPath, hosting.SecretsPath},
		},
	}, nil
}

// HostingOf is how a service runs on hosts, as skycap.yaml has it.
func HostingOf(service *settings.Service) release.Hosting {
	hosts := service.Hosts
	hosting := release.Hosting{
		DeployTo: hosts.DeployTo, Unit: unitName(hosts.Unit), Build: hosts.Build, Restart: hosts.Restart,
		BeforePublish: service.Hooks.BeforePublish, AfterPublish: service.Hooks.AfterPublish,
		LinkedDirs: hosts.LinkedDirs, LinkedFiles: hosts.LinkedFiles, KeepReleases: hosts.KeepReleases,
		Owner: hosts.Owner, Sudo: hosts.Sudo,
	}
	if service.Config != nil {
		hosting.ConfigPath = path.Clean(service.Config.Path)
	}
	if service.Secrets != nil {
		hosting.SecretsPath = path.Clean(service.Secrets.Path)
	}
	if hosts.Check != nil {
		hosting.CheckURL, hosting.CheckCommand, hosting.CheckTimeout = hosts.Check.HTTP, hosts.Check.Command, hosts.Check.Timeout
	}
	return hosting
}

// unitName is the name of a systemd unit with its suffix.
func unitName(name string) string {
	kinds := []string{".service", ".socket", ".target", ".timer", ".path", ".mount", ".automount", ".swap", ".slice", ".scope", ".device"}
	if name == "" || slices.Contains(kinds, path.Ext(name)) {
		return name
	}
	return name + ".service"
}

// unitFile is the content of the unit that is to be installed; nil without one.
func (s *source) unitFile(service settings.Placed) ([]byte, error) {
	name := service.Hosts.UnitFile
	if name == "" {
		return nil, nil
	}
	if file := s.files[path.Clean(name)]; len(file.Data) > 0 {
		return file.Data, nil
	}
	return nil, &config.Fault{Path: name, Message: fmt.Sprintf("the unit file of service %q is not there, or empty, at this revision", service.Name)}
}

// folderSource is what a release folder is made of. It implements release.Source.
type folderSource struct {
	repository revision.Repository
	revision   string
	tree       revision.Tree
	rendered   []string // the paths of configuration and secrets; empty without any
}

// Tree are all files that are sent.
func (f *folderSource) Tree() revision.Tree { return f.tree }

// Changed is what the repository says of the two revisions. What doesn't come from
// there counts as changed always: the configuration, the secrets, and what names the
// revision. What only the former configuration or secrets had is not among the removed.
func (f *folderSource) Changed(ctx context.Context, from string) (changed, removed []string, err error) {
	differ, gone, err := f.repository.Changed(ctx, from, f.revision)
	if err != nil {
		return nil, nil, err
	}
	isRendered := func(name string) bool {
		isBelow := func(path string) bool { return path != "" && strings.HasPrefix(name, path+"/") }
		return slices.ContainsFunc(f.rendered, isBelow) || name == archive.RevisionFile || name == archive.RevisionTimeFile
	}
	for _, name := range slices.Concat(differ, gone) {
		_, isThere := f.tree[name]
		switch {
		case isRendered(name):
		case isThere:
			changed = append(changed, name)
		default:
			removed = append(removed, name)
		}
	}
	for name := range f.tree {
		if isRendered(name) {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	slices.Sort(removed)
	return changed, removed, nil
}
