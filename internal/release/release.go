// Package release holds the value that is deployed: this revision, these
// images and this configuration, in this environment.
package release

import (
	"maps"
	"slices"
	"time"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/pkg/skycap"
)

// Release is one deploy of an app into an environment, or a rollback there.
type Release struct {
	App, Environment string
	Kind             string            // deploy or rollback
	Revision         revision.Revision // of a rollback to several, the newest
	Services         []Service         // sorted by name; one that runs in both kinds of targets is there twice
	Time             time.Time
	Who              string // user@machine
	Job              string // the address of the CI job that deploys it, if one does
	RevisionFile     string // hash of skycap.yaml at the revision; empty when it has none
	OperatorFile     string // hash of the operator's skycap.yaml
	Of               int    // of a rollback: the newest release that it puts back
	Override         string // why it passes a freeze
}

// The kinds of releases.
const (
	Deploy   = "deploy"
	Rollback = "rollback"
)

// Place is where a service runs. One that runs in Kubernetes and on hosts has two.
type Place struct {
	Service string
	Target  skycap.Target
}

// Service is one service of a release, in one place.
type Service struct {
	Name     string
	Target   skycap.Target
	Revision string                 // the full hash, where it is another than the release's
	Images   map[string]image.Image // by the name that skycap.yaml gives them
	Config   string                 // the hash of its configuration; empty without any
	Secrets  string                 // the hash of its secrets as they are encrypted; empty without any
	Objects  []manifest.Object      // in the order in which they are to be applied
	After    []string               // services that are healthy before this one starts
	Folder   *Folder                // what it is on hosts; nil elsewhere
}

// Place is where the service runs.
func (s Service) Place() Place { return Place{s.Name, s.Target} }

// Digests are the digests of the service's images, sorted.
func (s Service) Digests() []string {
	digests := []string{}
	for _, image := range s.Images {
		digests = append(digests, image.Digest)
	}
	slices.Sort(digests)
	return slices.Compact(digests)
}

// Running is the service with those of its jobs alone that a release of a kind
// runs in a phase, and with all that they could refer to.
func (s Service) Running(kind, phase string) Service {
	runs := s
	runs.Objects = nil
	jobs := 0
	for _, object := range s.Objects {
		if object.Phase() != "" && (object.Phase() != phase || !object.RunsIn(kind == Rollback)) {
			continue
		}
		if object.Phase() != "" {
			jobs++
		}
		runs.Objects = append(runs.Objects, object)
	}
	if jobs == 0 {
		runs.Objects = nil
	}
	return runs
}

// At is the release's service in a place.
func (r *Release) At(place Place) (Service, bool) {
	at := slices.IndexFunc(r.Services, func(s Service) bool { return s.Place() == place })
	if at < 0 {
		return Service{}, false
	}
	return r.Services[at], true
}

// Named are the release's services of a name: one for each place.
func (r *Release) Named(name string) []Service {
	return slices.DeleteFunc(slices.Clone(r.Services), func(s Service) bool { return s.Name != name })
}

// Names are the names of the release's services, each once.
func (r *Release) Names() []string {
	names := make([]string, len(r.Services))
	for i, service := range r.Services {
		names[i] = service.Name
	}
	return slices.Compact(names)
}

// Objects are the objects of all services.
func (r *Release) Objects() []manifest.Object {
	var objects []manifest.Object
	for _, service := range r.Services {
		objects = append(objects, service.Objects...)
	}
	return objects
}

// Waves groups the services such that each comes after all that it waits for.
// A service that waits for none of this release is in the first.
func (r *Release) Waves() [][]Service {
	waiting := map[string][]Service{} // a service's places go together
	for _, service := range r.Services {
		waiting[service.Name] = append(waiting[service.Name], service)
	}
	var waves [][]Service
	for len(waiting) > 0 {
		var wave []Service
		for _, name := range slices.Sorted(maps.Keys(waiting)) {
			isWaiting := func(other string) bool { _, found := waiting[other]; return found }
			if !slices.ContainsFunc(waiting[name][0].After, isWaiting) {
				wave = append(wave, waiting[name]...)
			}
		}
		if len(wave) == 0 { // a cycle, which skycap.yaml is refused for: all at once
			for _, name := range slices.Sorted(maps.Keys(waiting)) {
				wave = append(wave, waiting[name]...)
			}
		}
		for _, service := range wave {
			delete(waiting, service.Name)
		}
		waves = append(waves, wave)
	}
	return waves
}

// Summary returns the release's summary under a number.
func (r *Release) Summary(number int) skycap.Release {
	return skycap.Release{
		Number: number, Time: r.Time.UTC(), Who: r.Who, Job: r.Job, Kind: r.Kind,
		Revision: r.Revision.ID, Summary: r.Revision.Summary, Services: r.Names(), Running: r.running(),
		Of: r.Of, Override: r.Override,
	}
}

// running tells what runs by name: of a service with two places, in both.
func (r *Release) running() map[string]skycap.Running {
	all := map[string]skycap.Running{}
	for _, service := range r.Services {
		running, known := all[service.Name]
		if !known {
			running = skycap.Running{Config: service.Config, Secrets: service.Secrets, Digests: []string{}, Revision: service.Revision}
		}
		if service.Folder != nil {
			running.Folder = service.Folder.Key()
		}
		running.Digests = append(running.Digests, service.Digests()...)
		all[service.Name] = running
	}
	return all
}

// Matches reports whether an instance with this configuration, these secrets and
// these digests of the service's images is one of a service that runs so. It needs not
// have all of the images. One that uses none of the service's configuration, or of its
// secrets, runs so with any.
func Matches(running skycap.Running, configHash, secretsHash string, digests []string) bool {
	matches := func(hash, wanted string) bool { return hash == wanted || hash == manifest.Unused && wanted != "" }
	if !matches(configHash, running.Config) || !matches(secretsHash, running.Secrets) {
		return false
	}
	for _, digest := range digests {
		if !slices.Contains(running.Digests, digest) {
			return false
		}
	}
	return len(digests) > 0 || len(running.Digests) == 0
}
