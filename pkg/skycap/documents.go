package skycap

import "time"

// The schemas of the documents.
const (
	StatusSchema     = "skycap.dev/status/v1"
	PlanSchema       = "skycap.dev/plan/v1"
	HistorySchema    = "skycap.dev/history/v1"
	ResolutionSchema = "skycap.dev/resolution/v1"
	ConfigSchema     = "skycap.dev/config/v1"
	ConfigDiffSchema = "skycap.dev/config-diff/v1"
	VersionSchema    = "skycap.dev/version/v1"
	DiagnosisSchema  = "skycap.dev/diagnosis/v1"
)

// Status is what runs where, as status prints it.
type Status struct {
	Schema   string          `json:"schema"`   // always skycap.dev/status/v1
	App      string          `json:"app"`      // its name in skycap.yaml
	Services []ServiceStatus `json:"services"` // each in each environment
}

// ServiceStatus is one service in one environment.
type ServiceStatus struct {
	Environment string     `json:"environment"`       // its name in skycap.yaml
	Service     string     `json:"service"`           // its name in skycap.yaml
	Target      Target     `json:"target"`            // where it runs
	Release     int        `json:"release"`           // that its instances run; 0 when unknown or mixed
	Revision    string     `json:"revision"`          // the full hash; empty when unknown or mixed
	State       State      `json:"state"`             // of all instances together
	Message     string     `json:"message,omitempty"` // why it is not healthy
	Instances   []Instance `json:"instances"`         // that there are, of any release
	Drift       []Drift    `json:"drift,omitempty"`   // fields that somebody changed since it was deployed
}

// Drift is a field of an object that somebody else than skycap has set.
type Drift struct {
	Kind  string    `json:"kind"`            // as in Deployment
	Name  string    `json:"name"`            // of the object
	Path  string    `json:"path"`            // as in spec.template.spec.containers[name=web].image
	Value any       `json:"value,omitempty"` // that it has now; masked in Secrets
	Owner string    `json:"owner"`           // who set it, as the API server knows it: kubectl-edit
	Since time.Time `json:"since"`           // when that owner last wrote
}

// Instance is one running copy of a service: a pod or a host.
type Instance struct {
	Name     string    `json:"name"`             // of the pod or the host
	Revision string    `json:"revision"`         // the full hash; empty when no release matches it
	Ready    bool      `json:"ready"`            // whether it serves
	Restarts int       `json:"restarts"`         // how often it was started again
	Since    time.Time `json:"since"`            // when it started
	Image    string    `json:"image,omitempty"`  // repository@digest, as the node runs it
	Config   string    `json:"config,omitempty"` // the configuration's hash; "unused" where it sees none
}

// Plan is what a deploy would change.
type Plan struct {
	Schema      string         `json:"schema"`      // always skycap.dev/plan/v1
	App         string         `json:"app"`         // its name in skycap.yaml
	Environment string         `json:"environment"` // its name in skycap.yaml
	Revision    string         `json:"revision"`    // the full hash
	Changes     []ObjectChange `json:"changes"`     // empty: a deploy would change nothing

	Kept []string `json:"kept,omitempty"` // what stays as people or controllers have set it, in words
}

// ObjectChange is one object that a deploy would create, update, run or delete.
type ObjectChange struct {
	Service string        `json:"service"`          // that it belongs to
	Action  string        `json:"action"`           // create, update, run (a job of the deploy) or delete (once it is healthy)
	Kind    string        `json:"kind"`             // as in Deployment
	Name    string        `json:"name"`             // of the object
	Fields  []FieldChange `json:"fields,omitempty"` // of an update
}

// FieldChange is one field of an object. Values of Secrets are masked.
type FieldChange struct {
	Path string `json:"path"`          // as in spec.replicas or spec.containers[0].image
	Old  any    `json:"old,omitempty"` // absent: the field is new
	New  any    `json:"new,omitempty"` // absent: the field goes

	Owner    string `json:"owner,omitempty"`    // who else set it since it was deployed: drift
	Conflict bool   `json:"conflict,omitempty"` // refused until it is said whether to take or to leave it
}

// History is the releases of an app in an environment, newest first.
type History struct {
	Schema      string    `json:"schema"`      // always skycap.dev/history/v1
	App         string    `json:"app"`         // its name in skycap.yaml
	Environment string    `json:"environment"` // its name in skycap.yaml
	Releases    []Release `json:"releases"`    // newest first
}

// Release is one deploy, rollback or move.
type Release struct {
	Number   int       `json:"number"`             // 1 for the first
	Time     time.Time `json:"time"`               // when it began
	Resumed  time.Time `json:"resumed,omitzero"`   // when another command took it up, since its own was killed
	Ended    time.Time `json:"ended,omitzero"`     // when its command ended; left out: it is under way, or was killed
	Who      string    `json:"who"`                // user@machine, or what CI says
	Job      string    `json:"job,omitempty"`      // the CI job's address
	Kind     string    `json:"kind"`               // deploy or rollback
	Revision string    `json:"revision"`           // the full hash; of a rollback to several releases, the newest's
	Summary  string    `json:"summary"`            // the first line of the commit's message
	Services []string  `json:"services"`           // that it deployed
	Result   Word      `json:"result,omitempty"`   // left out: it is under way, its command was killed, or nobody waited
	Of       int       `json:"of,omitempty"`       // of a rollback: the release that was put back
	LeftBy   int       `json:"leftBy,omitempty"`   // the rollback that left this release: it is never chosen again by itself
	Override string    `json:"override,omitempty"` // why it passed a freeze
	UnderWay bool      `json:"underWay,omitempty"` // its command is at work now: it holds the locks
	Undone   bool      `json:"undone,omitempty"`   // its hosts run an older one, which another tool has put back
	Replaced bool      `json:"replaced,omitempty"` // its hosts run a newer one, which another tool has deployed
	Gone     bool      `json:"gone,omitempty"`     // a host has its folder no more: it can't be put back

	Running map[string]Running `json:"running"` // by service
}

// Running is what tells the instances of a release from those of others.
type Running struct {
	Config   string   `json:"config,omitempty"`   // the configuration's hash
	Secrets  string   `json:"secrets,omitempty"`  // the hash of the secrets as they are encrypted
	Digests  []string `json:"digests,omitempty"`  // of its images, sorted
	Folder   string   `json:"folder,omitempty"`   // the key of its release folder on hosts
	Revision string   `json:"revision,omitempty"` // the full hash; left out where it is the release's
}

// Diagnosis is whether an environment can be deployed to from here, as doctor prints it.
type Diagnosis struct {
	Schema string  `json:"schema"` // always skycap.dev/diagnosis/v1
	App    string  `json:"app"`    // its name in skycap.yaml
	Checks []Check `json:"checks"` // that were made, in order
}

// Check is one thing that a deploy needs.
type Check struct {
	Environment string `json:"environment,omitempty"` // its name in skycap.yaml; left out: it is about this machine
	Service     string `json:"service,omitempty"`     // that it is about, if it is about one
	Target      Target `json:"target,omitempty"`      // where the service runs
	Instance    string `json:"instance,omitempty"`    // the host that it is about, if it is about one
	Name        string `json:"name"`                  // what was checked, as in free space
	OK          bool   `json:"ok"`                    // whether it is as it must be
	Warning     bool   `json:"warning,omitempty"`     // it isn't, and deploys work all the same
	Message     string `json:"message"`               // what was found
	Fix         string `json:"fix,omitempty"`         // the command to type, or what to change, where it isn't ok
}

// Resolution is what a revision stands for.
type Resolution struct {
	Schema   string    `json:"schema"`   // always skycap.dev/resolution/v1
	Revision string    `json:"revision"` // the full hash
	Short    string    `json:"short"`    // the hash as people see it
	Author   string    `json:"author"`   // of the commit
	Date     time.Time `json:"date"`     // of the commit
	Summary  string    `json:"summary"`  // the first line of the commit's message
	Images   []Image   `json:"images"`   // of each service
}

// Image is a service's image at a revision.
type Image struct {
	Service    string `json:"service"`    // its name in skycap.yaml
	Repository string `json:"repository"` // with its registry
	Tag        string `json:"tag"`        // that stands for the revision
	Digest     string `json:"digest"`     // as in sha256:3f2c...
}

// Config is the configuration of services at a revision, as an environment has it.
type Config struct {
	Schema      string          `json:"schema"`      // always skycap.dev/config/v1
	App         string          `json:"app"`         // its name in skycap.yaml
	Environment string          `json:"environment"` // its name in skycap.yaml
	Revision    string          `json:"revision"`    // the full hash
	Services    []ServiceConfig `json:"services"`    // that were asked for
}

// ServiceConfig is one service's configuration.
type ServiceConfig struct {
	Service string       `json:"service"` // its name in skycap.yaml
	Hash    string       `json:"hash"`    // 10 hex digits; empty when it has no configuration
	Files   []ConfigFile `json:"files"`   // that were rendered for it

	SecretsHash string       `json:"secretsHash,omitempty"` // 10 hex digits, of the secrets as they are encrypted
	Secrets     []SecretFile `json:"secrets,omitempty"`     // that were decrypted for it
}

// SecretFile is one secret, without what it says.
type SecretFile struct {
	Path       string `json:"path"`                 // below the place where it is mounted
	Executable bool   `json:"executable,omitempty"` // whether it may be run
	Masked     string `json:"masked"`               // its keys, where it has any, each with its value masked
}

// ConfigDiff is what differs between two configurations.
type ConfigDiff struct {
	Schema      string        `json:"schema"`      // always skycap.dev/config-diff/v1
	App         string        `json:"app"`         // its name in skycap.yaml
	Environment string        `json:"environment"` // its name in skycap.yaml
	Revision    string        `json:"revision"`    // the full hash
	Services    []ServiceDiff `json:"services"`    // that were asked for
}

// ServiceDiff is what differs in one service's configuration and secrets.
type ServiceDiff struct {
	Service string     `json:"service"` // its name in skycap.yaml
	From    ConfigFrom `json:"from"`    // what it is compared with
	Files   []FileDiff `json:"files"`   // that differ
}

// ConfigFrom is what a configuration is compared with.
type ConfigFrom struct {
	Environment string `json:"environment"`       // its name in skycap.yaml
	Revision    string `json:"revision"`          // the full hash; empty: the service runs nowhere there
	Release     int    `json:"release,omitempty"` // that runs; left out where a revision was named
}

// FileDiff is one file that differs.
type FileDiff struct {
	Path   string `json:"path"`             // below the place where it is mounted
	Secret bool   `json:"secret,omitempty"` // whether it is a secret: its values are masked
	Change string `json:"change"`           // added, removed or changed
	Diff   string `json:"diff"`             // unified; one line about files that are not text
}

// ConfigFile is one rendered file.
type ConfigFile struct {
	Path       string `json:"path"`                 // below the place where it is mounted
	Executable bool   `json:"executable,omitempty"` // whether it may be run
	Text       string `json:"text"`                 // its content, where that is UTF-8
	Content    []byte `json:"content,omitempty"`    // its content where it is not, in base64
}

// Version is what this skycap is.
type Version struct {
	Schema  string `json:"schema"`           // always skycap.dev/version/v1
	Version string `json:"version"`          // its number
	Commit  string `json:"commit,omitempty"` // it was built from
	Go      string `json:"go"`               // the version of Go it was built with
}
