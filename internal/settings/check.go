package settings

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// A checker finds what is wrong with a decoded project: the rules that reach beyond one value.
type checker struct {
	*document
	p *Project
}

func (c *checker) project() {
	if c.required("app", c.p.App) {
		c.name("app", c.p.App)
	}
	if c.p.Revision.Type != "" {
		c.oneOf("revision.type", c.p.Revision.Type, "hg", "git")
	}
	c.operand("revision.repository", c.p.Revision.Repository)
	c.tag("revision.tag", c.p.Revision.Tag)
	for _, name := range slices.Sorted(maps.Keys(c.p.Services)) {
		c.service("services."+name, c.p.Services[name])
	}
	for _, name := range slices.Sorted(maps.Keys(c.p.Environments)) {
		c.environment("environments."+name, c.p.Environments[name])
	}
	c.order()
}

func (c *checker) environment(path string, e *Environment) {
	c.name(path, e.Name)
	c.oneOf(path+".on_failure", e.OnFailure, "hold", "rollback")
	if n := e.Kubernetes; n != nil {
		if c.required(path+".kubernetes.context", n.Context) {
			c.operand(path+".kubernetes.context", n.Context)
		}
		if c.required(path+".kubernetes.namespace", n.Namespace) {
			c.label(path+".kubernetes.namespace", n.Namespace, 63)
		}
		c.operand(path+".kubernetes.cluster", n.Cluster)
	}
	for _, service := range slices.Sorted(maps.Keys(e.Hosts)) {
		c.group(path+".hosts."+service, service, e.Hosts[service])
	}
	for _, service := range slices.Sorted(maps.Keys(e.Services)) {
		at := path + ".services." + service
		if target := e.Services[service].Target; c.knownService(at, service) && target != "" {
			c.oneOf(at+".target", string(target),
				string(TargetKubernetes), string(TargetHosts), string(TargetBoth))
		}
	}
	for _, service := range slices.Sorted(maps.Keys(c.p.Services)) {
		c.placement(path, e, c.p.Services[service])
	}
}

// group checks the hosts of a service.
func (c *checker) group(path, service string, g *HostGroup) {
	if c.knownService(path, service) && c.p.Services[service].Hosts == nil && !c.isUnread("services."+service+".hosts") {
		c.fault(path, "gives hosts to service %q, which has no hosts block", service)
	}
	addresses := path
	if _, isMapping := c.places[path+".addresses"]; isMapping {
		addresses = path + ".addresses"
	}
	if len(g.Addresses) == 0 {
		c.fault(addresses, "has no addresses")
	}
	for i, address := range g.Addresses {
		at := item(addresses, i)
		if !addressPattern.MatchString(address) {
			c.fault(at, "%q is not a host name or an address", address)
		}
		if slices.Contains(g.Addresses[:i], address) {
			c.fault(at, "%q is listed twice", address)
		}
	}
	c.match(path+".user", g.User, userPattern, "the name of a user")
	if g.MaxFailures < 0 {
		c.fault(path+".max_failures", "is %d, want 0 or more", g.MaxFailures)
	}
}

// placement checks that an environment has one place for a service, or says which to use. A service
// without any simply does not run there.
func (c *checker) placement(path string, e *Environment, s *Service) {
	at := path + ".services." + s.Name
	if c.isUnread("services."+s.Name+".kubernetes") || c.isUnread("services."+s.Name+".hosts") || c.isUnread(at+".target") {
		return
	}
	_, err := e.target(s)
	var none *NoPlaceError
	var two *TwoPlacesError
	switch {
	case errors.As(err, &two):
		c.fault(at, "service %q has a place in Kubernetes and on hosts: "+
			"target says which, kubernetes, hosts or both", s.Name)
	case errors.As(err, &none) && e.Services[s.Name] != nil:
		c.fault(at, "service %q has no place here: there is no %s", s.Name, strings.Join(none.Needs, " or "))
	}
}

func (c *checker) knownService(path, name string) bool {
	if _, ok := c.p.Services[name]; ok {
		return true
	}
	if !c.isUnread(path) && !c.isUnread("services") && !c.isUnread("services."+name) {
		c.unknown(path, "service", name, slices.Sorted(maps.Keys(c.p.Services)))
	}
	return false
}

// order checks that the services can be started one after the other.
func (c *checker) order() {
	done := map[string]bool{}
	var visit func(name string, above []string)
	visit = func(name string, above []string) {
		if i := slices.Index(above, name); i >= 0 {
			c.fault("services."+name+".after", "is a cycle: %s", strings.Join(append(above[i:], name), " after "))
			return
		}
		service := c.p.Services[name]
		if service == nil || done[name] {
			return
		}
		for _, before := range service.After {
			visit(before, append(above, name))
		}
		done[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(c.p.Services)) {
		visit(name, nil)
	}
}
