package settings

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

func (c *checker) service(at string, s *Service) {
	c.name(at, s.Name)
	if s.Kubernetes == nil && s.Hosts == nil && !c.isUnread(at+".kubernetes") && !c.isUnread(at+".hosts") {
		c.fault(at, "has neither a kubernetes nor a hosts block, so it runs nowhere")
	}
	c.images(at, s)
	if s.Config != nil {
		c.layers(at+".config", s, s.Config.From, s.Config.Mount)
		c.inside(at+".config.path", s.Config.Path)
	}
	if s.Secrets != nil {
		c.layers(at+".secrets", s, s.Secrets.From, s.Secrets.Mount)
		c.inside(at+".secrets.path", s.Secrets.Path)
	}
	if s.Config != nil && s.Secrets != nil {
		c.apart(at, s)
	}
	if s.Kubernetes != nil && c.required(at+".kubernetes.manifests", s.Kubernetes.Manifests) {
		c.inside(at+".kubernetes.manifests", s.Kubernetes.Manifests)
	}
	if s.Hosts != nil {
		c.hosts(at+".hosts", s.Hosts)
	} else if s.Hooks != (ServiceHooks{}) && !c.isUnread(at+".hosts") {
		c.fault(at+".hooks", "run where the release is published, on hosts, and the service has no hosts block")
	}
	for i, before := range s.After {
		c.knownService(item(at+".after", i), before)
	}
}

func (c *checker) images(at string, s *Service) {
	for name, image := range s.Images {
		field := at + ".images." + name
		if _, short := c.places[at+".image"]; short {
			field = at + ".image"
		}
		slash := strings.LastIndexByte(image, '/')
		switch {
		case c.isUnread(field) || !c.required(field, image):
		case strings.Contains(image, "@") || strings.Contains(image[slash+1:], ":"):
			c.fault(field, "%q has a tag or a digest, which come from the revision", image)
		default:
			c.match(field, image, imagePattern, "the repository of an image")
		}
	}
	if s.Build != nil {
		c.inside(at+".build.context", s.Build.Context)
		c.inside(at+".build.dockerfile", s.Build.Dockerfile)
		if len(s.Images) == 0 && !c.isUnread(at+".image") && !c.isUnread(at+".images") {
			c.fault(at+".build", "builds an image that has no name: image is missing")
		}
	}
}

// layers checks the layers of a tree and where containers see it.
func (c *checker) layers(at string, s *Service, from []string, mount string) {
	if len(from) == 0 {
		c.fault(at+".from", "is missing: the folders or files that it is made of")
	}
	for i, layer := range from {
		c.layer(item(at+".from", i), s, layer)
	}
	switch {
	case mount == "" && s.Kubernetes != nil:
		c.fault(at+".mount", "is missing: the folder where containers see the files")
	case mount != "":
		c.absolute(at+".mount", mount)
	}
}

// apart checks that configuration and secrets have places of their own.
func (c *checker) apart(at string, s *Service) {
	if s.Config.Mount != "" && s.Config.Mount == s.Secrets.Mount {
		c.fault(at+".secrets.mount", "%q is the mount of config as well", s.Secrets.Mount)
	}
	config, secrets := path.Clean(s.Config.Path)+"/", path.Clean(s.Secrets.Path)+"/"
	if s.Hosts != nil && (strings.HasPrefix(config, secrets) || strings.HasPrefix(secrets, config)) {
		c.fault(at+".secrets.path", "%q and config.path, %q, lie in each other", s.Secrets.Path, s.Config.Path)
	}
}

// layer checks a template with each environment that it will be rendered for.
func (c *checker) layer(at string, s *Service, layer string) {
	fields := LayerFields{App: c.p.App, Service: s.Name, Environment: "environment"}
	names := []string{fields.Environment}
	for name := range c.p.Environments {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, fields.Environment = range names {
		file, err := Expand(layer, fields)
		if err != nil {
			c.fault(at, "%v", err)
			return
		}
		if !c.inside(at, file) {
			return
		}
	}
}

func (c *checker) hosts(at string, h *Hosts) {
	if c.required(at+".deploy_to", h.DeployTo) {
		c.absolute(at+".deploy_to", h.DeployTo)
	}
	c.match(at+".unit", h.Unit, unitPattern, "the name of a systemd unit")
	c.match(at+".owner", h.Owner, userPattern, "the name of a user")
	if h.UnitFile != "" {
		c.inside(at+".unit_file", h.UnitFile)
		if h.Unit == "" && !c.isUnread(at+".unit") {
			c.fault(at+".unit_file", "is installed as a unit, and unit, its name, is missing")
		}
	}
	for i, dir := range h.LinkedDirs {
		c.inside(item(at+".linked_dirs", i), dir)
	}
	for i, file := range h.LinkedFiles {
		c.inside(item(at+".linked_files", i), file)
	}
	for i, verb := range h.Sudo {
		c.oneOf(item(at+".sudo", i), verb, "restart", "stop", "start", "status", "logs", "install-unit")
	}
	if h.KeepReleases < 1 {
		c.fault(at+".keep_releases", "is %d, want 1 or more", h.KeepReleases)
	}
	if h.Check != nil {
		c.check(at+".check", h.Check)
	}
}

func (c *checker) check(at string, check *Check) {
	if (check.HTTP == "") == (check.Command == "") && !c.isUnread(at+".http") && !c.isUnread(at+".command") {
		c.fault(at, "wants http or command, one of the two")
	}
	if check.HTTP != "" {
		u, err := url.Parse(check.HTTP)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			c.fault(at+".http", "%q is not a URL such as http://localhost:8080/healthz", check.HTTP)
		}
	}
	if check.Timeout <= 0 {
		c.fault(at+".timeout", "is %s, want more than none", check.Timeout)
	}
}
