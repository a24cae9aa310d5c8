// Package skycap holds the documents that skycap prints with -o json, for other
// programs to decode. Fields are added, never changed or removed.
package skycap

import "time"

// EventSchema is the schema of an Event.
const EventSchema = "skycap.dev/event/v1"

// EventType says what an event is about.
type EventType string

// The types of events.
const (
	EventStart    EventType = "start"    // the command began
	EventPhase    EventType = "phase"    // a part of the command began
	EventState    EventType = "state"    // a service's state changed
	EventWarning  EventType = "warning"  // something that should not go unseen
	EventLog      EventType = "log"      // what another program said, or a detail
	EventEvidence EventType = "evidence" // a fact that explains a failure
	EventResult   EventType = "result"   // how it ended: the last event, always
)

// Event is one line of what deploy, rollback, restart, move and build print.
type Event struct {
	Schema string    `json:"schema"` // always skycap.dev/event/v1
	Time   time.Time `json:"time"`   // when it was reported
	Seq    int       `json:"seq"`    // 1 for the first
	Type   EventType `json:"type"`   // what it is about

	Phase    string `json:"phase,omitempty"`    // prepare, wait-image, lock, check, stage, apply, wait; build, push
	Service  string `json:"service,omitempty"`  // what it is about, if it is about one
	Target   Target `json:"target,omitempty"`   // where the service runs
	Instance string `json:"instance,omitempty"` // the host or pod that it is about, if it is about one
	State    State  `json:"state,omitempty"`    // of the service
	Message  string `json:"message,omitempty"`  // for people

	*Result `json:",omitempty"` // of a result event
}

// Word is a result in one word. Each has its exit code.
type Word string

// The results.
const (
	ResultOK          Word = "ok"          // 0: done and healthy, or nothing to do
	ResultFailed      Word = "failed"      // 1: failed, and nothing was changed
	ResultUsage       Word = "usage"       // 2: the command line or skycap.yaml is wrong
	ResultUnhealthy   Word = "unhealthy"   // 3: changed, but not healthy
	ResultPartial     Word = "partial"     // 4: some targets were changed, others not
	ResultLocked      Word = "locked"      // 5: somebody else's deploy or a freeze
	ResultReverted    Word = "reverted"    // 6: failed, and the previous release was put back
	ResultChanges     Word = "changes"     // 7: plan --exit-code found changes
	ResultInterrupted Word = "interrupted" // 130: Ctrl-C or SIGTERM
)

// ExitCode is the exit code that goes with a word.
func (w Word) ExitCode() int {
	for code, word := range []Word{ResultOK, ResultFailed, ResultUsage, ResultUnhealthy, ResultPartial, ResultLocked, ResultReverted, ResultChanges} {
		if word == w {
			return code
		}
	}
	return 130
}

// Failure is why kubectl or the API server refused something.
type Failure struct {
	// no context, bad kubeconfig, version skew, unreachable, certificate, time-out,
	// unauthorized, forbidden, no namespace, terminating, not found, exists, conflict,
	// stale, no kind, invalid, admission denied, quota, throttled, unavailable, API down,
	// webhook, other
	Reason    string       `json:"reason"`
	MayPass   bool         `json:"mayPass"`          // whether the same may succeed later, though nobody changes anything
	Context   string       `json:"context"`          // of the kubeconfig
	Namespace string       `json:"namespace"`        // that it was about
	API       string       `json:"api,omitempty"`    // that is down, as in metrics.k8s.io/v1beta1
	Fields    []FieldFault `json:"fields,omitempty"` // that are invalid
}

// FieldFault is what is wrong with one field of an object.
type FieldFault struct {
	Object  string `json:"object,omitempty"` // as in Deployment "web"
	Path    string `json:"path"`             // as in spec.replicas
	Message string `json:"message"`          // what is wrong with it
}

// Result is how a command ended.
type Result struct {
	Word            Word            `json:"result"`          // how it ended, in one word
	ExitCode        int             `json:"exitCode"`        // that goes with the word
	Healthy         bool            `json:"healthy"`         // seen healthy; with --no-wait false
	Changed         bool            `json:"changed"`         // whether anything was changed
	App             string          `json:"app"`             // its name in skycap.yaml
	Revision        string          `json:"revision"`        // the full hash
	Environment     string          `json:"environment"`     // its name in skycap.yaml
	Release         int             `json:"release"`         // its number; 0 when there is none
	DurationSeconds float64         `json:"durationSeconds"` // from start to end
	Services        []ServiceResult `json:"services"`        // each that the command was about
	Error           string          `json:"error,omitempty"` // what is wrong, on failure
	Hints           []string        `json:"hints,omitempty"` // the next commands to type

	Images []BuiltImage `json:"images,omitempty"` // of the revision, that build has seen to

	Failures []Failure `json:"failures,omitempty"` // of kubectl and the API server, that the error tells of

	EvidenceFolder string `json:"evidenceFolder,omitempty"` // where logs, events and objects were saved, on failure
	RevertedBy     int    `json:"revertedBy,omitempty"`     // the release that put the former one back
	NoiseHidden    int    `json:"noiseHidden,omitempty"`    // how many lines of kubectl's nobody was shown since they mean nothing
}

// ServiceResult is how it ended for one service.
type ServiceResult struct {
	Service  string   `json:"service"`            // its name in skycap.yaml
	Target   Target   `json:"target"`             // where it runs
	Result   Word     `json:"result"`             // how it ended for it
	State    State    `json:"state,omitempty"`    // left out when it was not looked at
	Cause    string   `json:"cause,omitempty"`    // one sentence, on failure
	Grade    Grade    `json:"grade,omitempty"`    // of the cause
	Evidence []string `json:"evidence,omitempty"` // what proves the cause
	Hint     string   `json:"hint,omitempty"`     // the next command to type

	FormerFails bool         `json:"formerFails,omitempty"` // instances of the former release fail too: it may not be this one
	Differences *Differences `json:"differences,omitempty"` // from its last healthy release, on failure
}

// Differences are what a release changes of a service, against its last healthy one.
type Differences struct {
	Release int            `json:"release"`           // the last healthy one
	Commits []string       `json:"commits,omitempty"` // between the two, newest first: hash and summary
	Images  []FieldChange  `json:"images,omitempty"`  // by the name that skycap.yaml gives them: digests
	Config  []ConfigChange `json:"config,omitempty"`  // files; their contents are not shown
	Secrets *FieldChange   `json:"secrets,omitempty"` // the hashes of what is encrypted, where they are others
	Fields  []ObjectChange `json:"fields,omitempty"`  // of manifests
}

// BuiltImage is an image that build has seen to.
type BuiltImage struct {
	Service    string `json:"service"`          // its name in skycap.yaml
	Repository string `json:"repository"`       // with its registry
	Tag        string `json:"tag"`              // that stands for the revision
	Digest     string `json:"digest,omitempty"` // that the registry has for it; left out when it wasn't pushed
	Built      bool   `json:"built"`            // it wasn't there yet
	Pushed     bool   `json:"pushed"`           // the registry didn't have it yet
}

// ConfigChange is one file of the configuration that is another.
type ConfigChange struct {
	Path   string   `json:"path"`           // below the place where it is mounted
	Change string   `json:"change"`         // added, removed or changed
	Keys   []string `json:"keys,omitempty"` // that differ, where the file has keys; never their values
}

// Target is a kind of place where services run.
type Target string

// The kinds of targets.
const (
	TargetKubernetes Target = "kubernetes"
	TargetHosts      Target = "hosts"
)

// State is how a service is.
type State string

// The states.
const (
	StateHealthy     State = "healthy"     // all instances are of the wanted kind, and ready
	StateProgressing State = "progressing" // on its way
	StateDegraded    State = "degraded"    // something is broken
	StateStopped     State = "stopped"     // scaled to zero, on purpose
	StateAbsent      State = "absent"      // nothing of it is there
)

// Grade says how surely a finding means that a release is broken.
type Grade string

// The grades.
const (
	GradeFatal      Grade = "fatal"      // will not heal by itself
	GradePersistent Grade = "persistent" // has gone on for too long
	GradeTransient  Grade = "transient"  // may well pass
)
