// Package settings reads skycap.yaml, which says what an application is and where it runs, and the
// user's own settings. Both are strict: every fault is found in one go, with its line and its path.
package settings

import "time"

// A Project is a whole skycap.yaml that has no fault.
type Project struct {
	App          string                  `yaml:"app"`
	Revision     Revision                `yaml:"revision"`
	Services     map[string]*Service     `yaml:"services"`
	Environments map[string]*Environment `yaml:"environments"`
	Hooks        Hooks                   `yaml:"hooks"`

	File string `yaml:"-"` // as given to Parse or Load
	Hash string `yaml:"-"` // sha256 of the file's bytes, 64 hex
}

func (p *Project) setDefaults() { p.Revision.Tag = "{{ .Short }}" }

// Revision says where revisions come from and how their images are tagged.
type Revision struct {
	Type       string `yaml:"type"`       // hg or git; empty: what the repository is
	Repository string `yaml:"repository"` // a path or a URL; empty: the checkout that holds the file
	Tag        string `yaml:"tag"`        // a template over TagFields
}

// A Service is one part of the application, with a block for each kind of target that it can run on.
type Service struct {
	Name       string            `yaml:"-"`      // its key
	Images     map[string]string `yaml:"images"` // repositories without tag; `image` becomes the one named like the service
	Build      *Build            `yaml:"build"`
	Config     *Config           `yaml:"config"`
	Secrets    *Secrets          `yaml:"secrets"`
	Kubernetes *Kubernetes       `yaml:"kubernetes"`
	Hosts      *Hosts            `yaml:"hosts"`
	Hooks      ServiceHooks      `yaml:"hooks"`
	After      []string          `yaml:"after"` // services that are healthy before this one starts
}

// Build is how the image is built from a revision.
type Build struct {
	Context    string `yaml:"context"`    // from the repository's root
	Dockerfile string `yaml:"dockerfile"` // from the context
}

func (b *Build) setDefaults() { *b = Build{Context: ".", Dockerfile: "Dockerfile"} }

// Config is the service's configuration tree.
type Config struct {
	From  []string `yaml:"from"`  // layers, from the repository's root: templates over LayerFields
	Mount string   `yaml:"mount"` // where containers see the tree
	Env   bool     `yaml:"env"`   // *.env files become environment variables
	Path  string   `yaml:"path"`  // where the tree lands in a release folder on a host
}

func (c *Config) setDefaults() { c.Path = "config" }

// Secrets are encrypted files of the repository.
type Secrets struct {
	From  []string `yaml:"from"`  // as Config.From
	Mount string   `yaml:"mount"` // where containers see them
	Path  string   `yaml:"path"`  // where they land in a release folder on a host
}

func (s *Secrets) setDefaults() { s.Path = "secrets" }

// Kubernetes is how the service runs in a namespace.
type Kubernetes struct {
	Manifests string   `yaml:"manifests"` // a YAML file, a folder of them, or a kustomization, from the repository's root
	Allow     []string `yaml:"allow"`     // by name what is refused otherwise, such as cluster-scoped
}

// Hosts is how the service runs on hosts.
type Hosts struct {
	DeployTo     string   `yaml:"deploy_to"`
	Unit         string   `yaml:"unit"`      // the systemd unit
	UnitFile     string   `yaml:"unit_file"` // installed when given, from the repository's root
	Build        string   `yaml:"build"`     // a shell line, run in the new release before it is published
	Restart      string   `yaml:"restart"`   // a shell line instead of the unit's restart
	Check        *Check   `yaml:"check"`
	LinkedDirs   []string `yaml:"linked_dirs"`
	LinkedFiles  []string `yaml:"linked_files"`
	KeepReleases int      `yaml:"keep_releases"`
	Owner        string   `yaml:"owner"` // of the release files; empty: the login user
	Sudo         []string `yaml:"sudo"`  // the verbs that go through sudo -n
}

func (h *Hosts) setDefaults() { h.KeepReleases = 5 }

// Check is how a host's service proves that it is healthy: by HTTP or by Command, never by both.
type Check struct {
	HTTP    string        `yaml:"http"`    // a URL, as the host itself sees it
	Command string        `yaml:"command"` // a shell line
	Timeout time.Duration `yaml:"timeout"`
}

func (c *Check) setDefaults() { c.Timeout = 30 * time.Second }

// ServiceHooks are shell lines that run on each host of a service.
type ServiceHooks struct {
	BeforePublish string `yaml:"before_publish"`
	AfterPublish  string `yaml:"after_publish"`
}

// An Environment is where the application's services run.
type Environment struct {
	Name       string                `yaml:"-"` // its key
	Protected  bool                  `yaml:"protected"`
	OnFailure  string                `yaml:"on_failure"` // hold or rollback
	Kubernetes *Namespace            `yaml:"kubernetes"`
	Hosts      map[string]*HostGroup `yaml:"hosts"`    // by service
	Values     map[string]any        `yaml:"values"`   // for templates; keys keep their case
	Services   map[string]*Placement `yaml:"services"` // by service
}

func (e *Environment) setDefaults() { e.OnFailure = "hold" }

// Namespace is an environment's place in Kubernetes.
type Namespace struct {
	Context   string `yaml:"context"`
	Namespace string `yaml:"namespace"`
	Cluster   string `yaml:"cluster"` // the UID of kube-system; empty: any cluster
}

// A HostGroup is the hosts of one service in an environment.
type HostGroup struct {
	Addresses   []string `yaml:"addresses"`
	User        string   `yaml:"user"` // empty: as ssh has it
	Batch       Batch    `yaml:"batch"`
	MaxFailures int      `yaml:"max_failures"`
}

// A Placement says which of a service's places an environment uses.
type Placement struct {
	Target Target `yaml:"target"`
}

// Hooks are shell lines that run on the operator's machine.
type Hooks struct {
	BeforeDeploy string `yaml:"before_deploy"`
	AfterDeploy  string `yaml:"after_deploy"`
	OnFailure    string `yaml:"on_failure"`
}
