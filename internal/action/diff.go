package action

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/secret"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Against is what a configuration is compared with: another revision, another
// environment, or both. Where it is empty, that is what runs now.
type Against struct {
	Revision, Environment string
}

// side is a configuration that is compared.
type side struct {
	environment string
	revision    revision.Revision
	services    map[string]rendered
	lost        map[string]lost // what can't be rendered any more, by service
}

// lost is what of a service is not compared.
type lost struct{ config, secrets bool }

// DiffConfig compares the configuration and secrets of services. What runs now is
// rendered anew from the revision that it is of.
func (o *Operator) DiffConfig(ctx context.Context, wanted Wanted, against Against) (skycap.ConfigDiff, error) {
	found := skycap.ConfigDiff{
		Schema: skycap.ConfigDiffSchema, App: o.Project.App, Environment: wanted.Environment, Services: []skycap.ServiceDiff{},
	}
	to, err := o.renderLatter(ctx, wanted)
	if err != nil {
		return found, err
	}
	found.Revision = to.revision.ID
	wanted.Services = slices.Sorted(maps.Keys(to.services))
	from, err := o.renderOther(ctx, wanted, against)
	if err != nil {
		return found, err
	}
	for _, service := range wanted.Services {
		found.Services = append(found.Services, skycap.ServiceDiff{
			Service: service, From: from[service].from, Files: compare(service, from[service].side, to),
		})
	}
	return found, nil
}

// other is what one service is compared with.
type other struct {
	side
	from skycap.ConfigFrom
}

// renderLatter renders what is compared with something former.
func (o *Operator) renderLatter(ctx context.Context, wanted Wanted) (side, error) {
	made := side{environment: wanted.Environment}
	err := o.from(ctx, wanted, func(s *source) (err error) {
		made.revision = s.revision
		if err := s.pick(wanted); err != nil {
			return err
		}
		made.services, err = o.renderAll(ctx, s)
		return err
	})
	return made, err
}

// renderFormer renders what there was of services. Those that are new since add nothing.
// It is warned of what can't be rendered: nobody can mend a commit, or get back a lost key.
func (o *Operator) renderFormer(ctx context.Context, wanted Wanted) (side, error) {
	made := side{environment: wanted.Environment, services: map[string]rendered{}, lost: map[string]lost{}}
	err := o.from(ctx, wanted, func(s *source) (err error) {
		made.revision = s.revision
		if s.environment, err = s.project.Environment(wanted.Environment); err != nil {
			return err
		}
		s.services = slices.DeleteFunc(s.project.PlacedIn(s.environment), func(service settings.Placed) bool {
			return !slices.Contains(wanted.Services, service.Name)
		})
		if err := s.readFiles(ctx); err != nil {
			return err
		}
		for _, service := range s.services {
			configuration, unrendered := o.renderConfig(ctx, s, service)
			secrets, _, unopened := o.decrypt(ctx, s, service)
			o.warnOfLost(s, service, "configuration", unrendered)
			o.warnOfLost(s, service, "secrets", unopened)
			made.services[service.Name] = rendered{config: configuration, secrets: secrets}
			made.lost[service.Name] = lost{config: unrendered != nil, secrets: unopened != nil}
		}
		return ctx.Err()
	})
	return made, err
}

func (o *Operator) warnOfLost(s *source, service settings.Placed, what string, fault error) {
	if fault != nil {
		o.Report.Warning(fmt.Sprintf("service %q is compared without its %s at %s, which can't be rendered any more: %v", service.Name, what, s.revision.Short(), fault))
	}
}

// renderOther renders what the services are compared with, each by its name.
func (o *Operator) renderOther(ctx context.Context, wanted Wanted, against Against) (map[string]other, error) {
	if against == (Against{}) {
		return o.renderRunning(ctx, wanted)
	}
	if against.Revision != "" {
		wanted.Revision = against.Revision
	}
	if against.Environment != "" {
		wanted.Environment = against.Environment
	}
	found, err := o.renderFormer(ctx, wanted)
	others := map[string]other{}
	for _, service := range wanted.Services {
		others[service] = other{found, skycap.ConfigFrom{Environment: wanted.Environment, Revision: found.revision.ID}}
	}
	return others, err
}

// renderRunning renders what runs now of each service.
func (o *Operator) renderRunning(ctx context.Context, wanted Wanted) (map[string]other, error) {
	var releases []skycap.Release
	err := o.at(ctx, wanted.Environment, func(place target.Target) (err error) {
		releases, err = place.Releases(ctx)
		return err
	})
	others := map[string]other{}
	for _, service := range wanted.Services {
		if err != nil {
			break
		}
		others[service], err = o.renderLive(ctx, wanted.Environment, service, releases)
	}
	return others, err
}

// renderLive renders what runs now of one service; nothing where it was never deployed.
func (o *Operator) renderLive(ctx context.Context, environment, service string, releases []skycap.Release) (other, error) {
	from := skycap.ConfigFrom{Environment: environment}
	live, ok := release.Live(releases, service)
	if !ok {
		return other{side{environment: environment}, from}, nil
	}
	running := live.Running[service]
	from.Release, from.Revision = live.Number, live.Revision
	if running.Revision != "" {
		from.Revision = running.Revision
	}
	found, err := o.renderFormer(ctx, Wanted{Revision: from.Revision, Environment: environment, Services: []string{service}})
	if err != nil {
		return other{}, fmt.Errorf("render release %d of service %q: %w", live.Number, service, err)
	}
	is, gone := found.services[service], found.lost[service]
	if is.config.Hash != running.Config && !gone.config || is.secrets.Hash != running.Secrets && !gone.secrets {
		o.Report.Warning(fmt.Sprintf("service %q: release %d was rendered otherwise than its revision is now: the difference may not be all", service, live.Number))
	}
	return other{found, from}, nil
}

// compare lists the files of a service that differ, configuration first.
func compare(service string, from, to side) []skycap.FileDiff {
	was, is := from.services[service], to.services[service]
	label := func(name string, of side) string {
		return fmt.Sprintf("%s/%s\t(%s at %s)", service, name, of.environment, of.revision.Short())
	}
	files := []skycap.FileDiff{}
	for _, isSecret := range []bool{false, true} {
		if gone := from.lost[service]; isSecret && gone.secrets || !isSecret && gone.config {
			continue
		}
		old, updated := was.config.Files, is.config.Files
		if isSecret {
			old, updated = maskedTrees(was.secrets.Files, is.secrets.Files)
		}
		for _, name := range union(old, updated) {
			before, after := fileIn(old, name), fileIn(updated, name)
			if text := config.Diff(label(name, from), before, label(name, to), after); text != "" {
				files = append(files, skycap.FileDiff{Path: name, Secret: isSecret, Change: changeOf(before, after), Diff: text})
			}
		}
	}
	return files
}

// maskedTrees are two states of secrets as they may be shown.
func maskedTrees(was, is revision.Tree) (old, updated revision.Tree) {
	old, updated = revision.Tree{}, revision.Tree{}
	for name, file := range was {
		old[name] = revision.File{Data: []byte(secret.Mask(name, file.Data, file.Data)), Executable: file.Executable}
	}
	for name, file := range is {
		former, ok := was[name]
		if !ok {
			former = file
		}
		updated[name] = revision.File{Data: []byte(secret.Mask(name, file.Data, former.Data)), Executable: file.Executable}
	}
	return old, updated
}

// union is the paths of both trees, sorted.
func union(a, b revision.Tree) []string {
	both := slices.Concat(a.Paths(), b.Paths())
	slices.Sort(both)
	return slices.Compact(both)
}

// fileIn is a file of a tree; nil where it has none of that path.
func fileIn(tree revision.Tree, name string) *revision.File {
	if file, ok := tree[name]; ok {
		return &file
	}
	return nil
}

func changeOf(before, after *revision.File) string {
	switch {
	case before == nil:
		return "added"
	case after == nil:
		return "removed"
	}
	return "changed"
}
