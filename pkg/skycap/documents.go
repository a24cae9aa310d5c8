package skycap

import "time"

// The schemas of the documents.
const (
	StatusSchema     = "skycap.dev/status/v1"
	PlanSchema       = "skycap.dev/plan/v1"
	HistorySchema    = "skycap.dev/history/v1"
	ResolutionSchema = "skycap.dev/resolution/v1"
	ConfigSchema     = "skycap.dev/config/v1"
	VersionSchema    = "skycap.dev/version/v1"
)

// Status is what runs where, as status prints it.
type Status struct {
	Schema   string          `json:"schema"`
	App      string          `json:"app"`
	Services []ServiceStatus `json:"services"`
}

// ServiceStatus is one service in one environment.
type ServiceStatus struct {
	Environment string     `json:"environment"`
	Service     string     `json:"service"`
	Target      Target     `json:"target"`
	Release     int        `json:"release"`  // that its instances run; 0 when unknown or mixed
	Revision    string     `json:"revision"` // the full hash; empty when unknown or mixed
	State       State      `json:"state"`
	Message     string     `json:"message,omitempty"` // why it is not healthy
	Instances   []Instance `json:"instances"`
}

// Instance is one running copy of a service: a pod or a host.
type Instance struct {
	Name     string    `json:"name"`
	Revision string    `json:"revision"` // the full hash; empty when no release matches it
	Ready    bool      `json:"ready"`
	Restarts int       `json:"restarts"`
	Since    time.Time `json:"since"`            // when it started
	Image    string    `json:"image,omitempty"`  // repository@digest, as the node runs it
	Config   string    `json:"config,omitempty"` // the configuration's hash
}

// Plan is what a deploy would change.
type Plan struct {
	Schema      string         `json:"schema"`
	App         string         `json:"app"`
	Environment string         `json:"environment"`
	Revision    string         `json:"revision"` // the full hash
	Changes     []ObjectChange `json:"changes"`  // empty: a deploy would change nothing
}

// ObjectChange is one object that a deploy would create or update.
type ObjectChange struct {
	Service string        `json:"service"`
	Action  string        `json:"action"` // create or update
	Kind    string        `json:"kind"`
	Name    string        `json:"name"`
	Fields  []FieldChange `json:"fields,omitempty"` // of an update
}

// FieldChange is one field of an object. Values of Secrets are masked.
type FieldChange struct {
	Path string `json:"path"`          // as in spec.replicas or spec.containers[0].image
	Old  any    `json:"old,omitempty"` // absent: the field is new
	New  any    `json:"new,omitempty"` // absent: the field goes
}

// History is the releases of an app in an environment, newest first.
type History struct {
	Schema      string    `json:"schema"`
	App         string    `json:"app"`
	Environment string    `json:"environment"`
	Releases    []Release `json:"releases"`
}

// Release is one deploy, rollback or move.
type Release struct {
	Number   int       `json:"number"`
	Time     time.Time `json:"time"`
	Who      string    `json:"who"`  // user@machine, or what CI says
	Kind     string    `json:"kind"` // deploy
	Revision string    `json:"revision"`
	Summary  string    `json:"summary"`  // the first line of the commit's message
	Services []string  `json:"services"` // that it deployed
	Result   Word      `json:"result"`   // empty: under way, or its command was killed
}

// Resolution is what a revision stands for.
type Resolution struct {
	Schema   string    `json:"schema"`
	Revision string    `json:"revision"` // the full hash
	Short    string    `json:"short"`
	Author   string    `json:"author"`
	Date     time.Time `json:"date"`
	Summary  string    `json:"summary"`
	Images   []Image   `json:"images"`
}

// Image is a service's image at a revision.
type Image struct {
	Service    string `json:"service"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	Digest     string `json:"digest"`
}

// Config is the configuration of services at a revision, as an environment has it.
type Config struct {
	Schema      string          `json:"schema"`
	App         string          `json:"app"`
	Environment string          `json:"environment"`
	Revision    string          `json:"revision"`
	Services    []ServiceConfig `json:"services"`
}

// ServiceConfig is one service's configuration.
type ServiceConfig struct {
	Service string       `json:"service"`
	Hash    string       `json:"hash"` // 10 hex digits; empty when it has no configuration
	Files   []ConfigFile `json:"files"`
}

// ConfigFile is one rendered file.
type ConfigFile struct {
	Path       string `json:"path"`
	Executable bool   `json:"executable,omitempty"`
	Content    []byte `json:"content"` // base64 in JSON
}

// Version is what this skycap is.
type Version struct {
	Schema  string `json:"schema"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"` // it was built from
	Go      string `json:"go"`
}
