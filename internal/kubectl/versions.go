package kubectl

import "fmt"

// Minor is a minor version of Kubernetes 1.
type Minor int

func (m Minor) String() string { return fmt.Sprintf("1.%d", int(m)) }

// The versions of kubectl that skycap is written for.
const (
	Oldest Minor = 27
	Newest Minor = 37
)

// Supported names them, as in "1.27 to 1.37".
func Supported() string { return fmt.Sprintf("%s to %s", Oldest, Newest) }

// supportedSkew is by how many minor versions kubectl and the API server may
// differ, as Kubernetes promises it.
const supportedSkew = 1

// Difference is something that versions of kubectl do differently, and what is
// done about it. All that skycap knows of such differences is in Differences, but
// for the spellings of noise.
type Difference struct {
	Behaviour    string
	Since, Until Minor    // the first and the last version that does it; 0: any
	Answer       string   // what is done about it
	Env          []string // that kubectl gets for that, whatever its version: others ignore it
}

// Has reports whether a version does it.
func (d Difference) Has(version Minor) bool {
	return version >= d.Since && (d.Until == 0 || version <= d.Until)
}

// Range is which versions do it, as in "1.33 and later".
func (d Difference) Range() string {
	switch {
	case d.Until != 0:
		return fmt.Sprintf("up to %s", d.Until)
	case d.Since > Oldest:
		return fmt.Sprintf("%s and later", d.Since)
	}
	return "all"
}

// Differences are those that matter to what skycap has kubectl do.
func Differences() []Difference {
	return []Difference{
		{
			Behaviour: "a kuberc can change the default of any flag, and give commands other names",
			Since:     33, Answer: "it is not read", Env: []string{"KUBERC=off", "KUBECTL_KUBERC=false"},
		},
		{
			Behaviour: "watches wait for a bookmark that some servers and gateways never send",
			Since:     35, Answer: "they are begun in the old way", Env: []string{"KUBE_FEATURE_WatchListClient=false"},
		},
		{
			Behaviour: "server warnings are coloured on terminals",
			Since:     20, Answer: "they are not", Env: []string{"NO_COLOR=1"},
		},
		{
			Behaviour: "apply --output=json of several objects prints nothing if one of them fails",
			Answer:    "it is used for dry runs, which are all or nothing; what is applied goes through the proxy, object by object",
		},
		{
			Behaviour: "a failed client-side apply prints the whole patch, values of Secrets included",
			Answer:    "only server-side apply is used",
		},
		{
			Behaviour: "scale hides the server's error",
			Until:     34, Answer: "replicas are set through the proxy",
		},
		{
			Behaviour: "delete prints other words",
			Since:     34, Answer: "deletions go through the proxy, with the object's UID",
		},
		{
			Behaviour: "get --raw drops the path of the server's address",
			Until:     33, Answer: "reads go through the proxy, which is told to keep it",
		},
		{
			Behaviour: "a kind of an API that is down is taken for one that nobody knows",
			Answer:    "the server is asked for the kinds through the proxy, before the dry run",
		},
		{
			Behaviour: "the log does not name an API that is down, where kubectl and the server discover APIs in the same way",
			Since:     30, Answer: "the same; where the log names it, in one of three spellings, it is found there",
		},
		{
			Behaviour: "version --output=json ends with status 1 where the server does not answer",
			Answer:    "kubectl is only asked for its own version, and the server through the proxy",
		},
	}
}

// environment is what kubectl gets for the differences.
func environment() []string {
	var env []string
	for _, difference := range Differences() {
		env = append(env, difference.Env...)
	}
	return env
}
