// Package release holds the value that is deployed: this revision, these
// images and this configuration, in this environment.
package release

import (
	"maps"
	"slices"
	"time"

	"github.com/skycap/skycap/internal/config"
	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/pkg/skycap"
)

// Release is one deploy of an app into an environment.
type Release struct {
	App, Environment string
	Revision         revision.Revision
	Services         []Service // sorted by name
	Time             time.Time
	Who              string // user@machine
	RevisionFile     string // hash of skycap.yaml at the revision; empty when it has none
	OperatorFile     string // hash of the operator's skycap.yaml
}

// Service is one service of a release.
type Service struct {
	Name    string
	Images  map[string]image.Image // by the name that skycap.yaml gives them
	Config  config.Tree
	Objects []manifest.Object // in the order in which they are to be applied
	After   []string          // services that are healthy before this one starts
}

// Digests are the digests of the service's images, sorted.
func (s Service) Digests() []string {
	digests := []string{}
	for _, image := range s.Images {
		digests = append(digests, image.Digest)
	}
	slices.Sort(digests)
	return slices.Compact(digests)
}

// ConfigHash is the hash that the service's pods carry; empty without configuration.
func (s Service) ConfigHash() string {
	if len(s.Config.Files) == 0 {
		return ""
	}
	return s.Config.Hash
}

// Names are the names of the release's services.
func (r *Release) Names() []string {
	names := make([]string, len(r.Services))
	for i, service := range r.Services {
		names[i] = service.Name
	}
	return names
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
	waiting := map[string]Service{}
	for _, service := range r.Services {
		waiting[service.Name] = service
	}
	var waves [][]Service
	for len(waiting) > 0 {
		var wave []Service
		for _, name := range slices.Sorted(maps.Keys(waiting)) {
			isWaiting := func(other string) bool { _, found := waiting[other]; return found }
			if !slices.ContainsFunc(waiting[name].After, isWaiting) {
				wave = append(wave, waiting[name])
			}
		}
		if len(wave) == 0 { // a cycle, which skycap.yaml is refused for: all at once
			for _, name := range slices.Sorted(maps.Keys(waiting)) {
				wave = append(wave, waiting[name])
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
	running := map[string]skycap.Running{}
	for _, service := range r.Services {
		running[service.Name] = skycap.Running{Config: service.ConfigHash(), Digests: service.Digests()}
	}
	return skycap.Release{
		Number: number, Time: r.Time.UTC(), Who: r.Who, Kind: "deploy",
		Revision: r.Revision.ID, Summary: r.Revision.Summary, Services: r.Names(), Running: running,
	}
}

// Matches reports whether an instance with this configuration and these
// digests is one of a service that runs so.
func Matches(running skycap.Running, configHash string, digests []string) bool {
	if running.Config != configHash {
		return false
	}
	for _, digest := range running.Digests {
		if !slices.Contains(digests, digest) {
			return false
		}
	}
	return true
}
