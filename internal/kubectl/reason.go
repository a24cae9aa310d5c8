package kubectl

import "slices"

// Reason says why kubectl or the API server failed.
type Reason string

// The reasons. On the way to the API server:
const (
	NoContext    Reason = "no context"     // the kubeconfig has no such context
	Kubeconfig   Reason = "bad kubeconfig" // it, or a file that it names, can't be read
	Skew         Reason = "version skew"   // kubectl is too old or too new for what is asked of it
	Unreachable  Reason = "unreachable"    // no answer from the API server
	Certificate  Reason = "certificate"    // the server's or the user's is no good
	Timeout      Reason = "time-out"       // it did not end in time
	Unauthorized Reason = "unauthorized"   // no credentials, or they have expired
)

// What the API server says of a request:
const (
	Forbidden   Reason = "forbidden"    // one has no permission
	NoNamespace Reason = "no namespace" // there is none of that name
	Terminating Reason = "terminating"  // the namespace is being deleted
	NotFound    Reason = "not found"
	Exists      Reason = "exists"           // an object of that name is there already
	Conflict    Reason = "conflict"         // somebody else owns a field
	Stale       Reason = "stale"            // the object was changed meanwhile
	NoKind      Reason = "no kind"          // the server doesn't know a kind
	Invalid     Reason = "invalid"          // a field is wrong, or unknown
	Denied      Reason = "admission denied" // a policy or a webhook refuses it
	Quota       Reason = "quota"            // there is too little left of it
)

// What may be over in a moment:
const (
	Throttled   Reason = "throttled"   // the server wants fewer requests
	Unavailable Reason = "unavailable" // what the server needs, as etcd, is away
	APIDown     Reason = "API down"    // a server that is aggregated into it is away
	Webhook     Reason = "webhook"     // a webhook that must be asked gives no answer
)

// Other is what is none of these.
const Other Reason = "other"

// passing are the reasons for which the same may succeed when it is tried again.
func passing() []Reason {
	return []Reason{Unreachable, Timeout, Stale, Throttled, Unavailable, APIDown, Webhook}
}

// MayPass reports whether the same may succeed later, though nobody changes anything.
func (r Reason) MayPass() bool { return slices.Contains(passing(), r) }
