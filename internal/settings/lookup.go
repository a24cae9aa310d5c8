package settings

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Target is a kind of place where services run.
type Target string

// The targets of a placement.
const (
	TargetKubernetes Target = "kubernetes"
	TargetHosts      Target = "hosts"
	TargetBoth       Target = "both" // a full copy on each side
)

// Includes reports whether t is the other target or both.
func (t Target) Includes(other Target) bool { return t == other || t == TargetBoth }

// A Placed is a service with the target that an environment has for it.
type Placed struct {
	*Service
	Target Target
}

// An UnknownError is a name that skycap.yaml does not define.
type UnknownError struct {
	Kind    string // environment or service
	Name    string
	Known   []string // sorted
	Nearest string   // the known name that was probably meant, or nothing
}

func (e *UnknownError) Error() string {
	text := fmt.Sprintf("unknown %s %q", e.Kind, e.Name)
	switch {
	case e.Nearest != "":
		text += fmt.Sprintf("; did you mean %q?", e.Nearest)
	case len(e.Known) > 0:
		text += "; known are " + strings.Join(e.Known, ", ")
	}
	return text
}

// A NoPlaceError is a service that has no place in an environment.
type NoPlaceError struct {
	Service, Environment string
	Needs                []string // paths of skycap.yaml, each of which would give it one
}

func (e *NoPlaceError) Error() string {
	return fmt.Sprintf("service %q does not run in environment %q: skycap.yaml has no %s",
		e.Service, e.Environment, strings.Join(e.Needs, " or "))
}

// A TwoPlacesError is a service that has a place of both kinds in an environment, and no target.
type TwoPlacesError struct{ Service, Environment string }

func (e *TwoPlacesError) Error() string {
	return fmt.Sprintf("service %q has a place in Kubernetes and on hosts in environment %q: "+
		"environments.%[2]s.services.%[1]s.target says which, kubernetes, hosts or both", e.Service, e.Environment)
}

// Environment returns the environment of a name, or an *UnknownError.
func (p *Project) Environment(name string) (*Environment, error) {
	if environment, ok := p.Environments[name]; ok {
		return environment, nil
	}
	return nil, unknown("environment", name, p.Environments)
}

// ServicesIn returns the named services, sorted by name, with the target that an environment has for
// each; with no names, all that the environment has. Its error joins one for each name that is wrong:
// *UnknownError, *NoPlaceError or *TwoPlacesError.
func (p *Project) ServicesIn(environment string, names []string) ([]Placed, error) {
	env, err := p.Environment(environment)
	if err != nil {
		return nil, err
	}
	all := len(names) == 0
	if all {
		names = slices.Collect(maps.Keys(p.Services))
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	var placed []Placed
	var errs []error
	for _, name := range names {
		service, err := p.place(env, name)
		var none *NoPlaceError
		switch {
		case err == nil:
			placed = append(placed, service)
		case !all || !errors.As(err, &none):
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return placed, nil
}

// PlacedIn returns the services that an environment has, sorted by name. One whose place is in doubt,
// since there are two and no target, is left out.
func (p *Project) PlacedIn(environment *Environment) []Placed {
	var placed []Placed
	for _, name := range slices.Sorted(maps.Keys(p.Services)) {
		if service, err := p.place(environment, name); err == nil {
			placed = append(placed, service)
		}
	}
	return placed
}

func (p *Project) place(env *Environment, name string) (Placed, error) {
	service, ok := p.Services[name]
	if !ok {
		return Placed{}, unknown("service", name, p.Services)
	}
	target, err := env.target(service)
	return Placed{service, target}, err
}

// target returns where the environment runs a service: on the one target for which the service has a
// block and the environment a place, or on what the placement says.
func (e *Environment) target(s *Service) (Target, error) {
	inKubernetes := s.Kubernetes != nil && e.Kubernetes != nil
	onHosts := s.Hosts != nil && e.Hosts[s.Name] != nil
	var chosen Target
	if placement := e.Services[s.Name]; placement != nil {
		chosen = placement.Target
	}
	switch {
	case chosen.Includes(TargetKubernetes) && !inKubernetes, chosen.Includes(TargetHosts) && !onHosts,
		!inKubernetes && !onHosts:
		return "", &NoPlaceError{s.Name, e.Name, e.needs(s, chosen)}
	case chosen != "":
		return chosen, nil
	case inKubernetes && onHosts:
		return "", &TwoPlacesError{s.Name, e.Name}
	case inKubernetes:
		return TargetKubernetes, nil
	}
	return TargetHosts, nil
}

// needs lists what is missing for a service to have a place on the chosen target, or on any.
func (e *Environment) needs(s *Service, chosen Target) []string {
	var paths []string
	for _, t := range []struct {
		target     Target
		has, place bool
		key        string
	}{
		{TargetKubernetes, s.Kubernetes != nil, e.Kubernetes != nil, "kubernetes"},
		{TargetHosts, s.Hosts != nil, e.Hosts[s.Name] != nil, "hosts." + s.Name},
	} {
		switch {
		case chosen != "" && !chosen.Includes(t.target):
		case !t.has && chosen != "":
			paths = append(paths, "services."+s.Name+"."+string(t.target))
		case t.has && !t.place:
			paths = append(paths, "environments."+e.Name+"."+t.key)
		}
	}
	return paths
}

// At returns the project as it deploys a revision: what to run (the app, its services, the values of
// each environment) from the revision's file, where to run it from p, the operator's. File and Hash
// are p's. A place that p has for a service which the revision lacks is left unused.
func (p *Project) At(revision *Project) *Project {
	at := *p
	at.App, at.Services = revision.App, revision.Services
	at.Environments = make(map[string]*Environment, len(p.Environments))
	for name, environment := range p.Environments {
		merged := *environment
		merged.Values = nil
		if then := revision.Environments[name]; then != nil {
			merged.Values = then.Values
		}
		at.Environments[name] = &merged
	}
	return &at
}

func unknown[V any](kind, name string, defined map[string]V) *UnknownError {
	known := slices.Sorted(maps.Keys(defined))
	return &UnknownError{Kind: kind, Name: name, Known: known, Nearest: Nearest(name, known)}
}
