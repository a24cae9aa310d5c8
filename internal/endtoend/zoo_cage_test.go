package endtoend

import (
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

// specimen is a release that is broken, or that only looks so.
type specimen struct {
	name      string
	setup     func(*cage) // prepares the namespace
	before    string      // manifests of the former release
	manifests string
	during    func(*cage) // what happens meanwhile

	names    []string // what the cause must name, as regexps; none: it is healthy
	not      string   // what would be a wrong cause, as a regexp; empty: none is known
	shown    string   // how the cluster shows that it is broken, as a regexp; empty: see signs
	workload string   // what kubectl rollout status is asked about; deployment/web when empty
	fast     bool     // quick enough for every run of the tests
}

// cage is a namespace in which one tool deploys one specimen.
type cage struct {
	specimen
	t          *testing.T
	namespace  string
	repository string   // of the image, without a tag
	image      v1.Image // nil: nobody has built it
	signs      *signs   // that are looked for while skycap deploys
}

func (z *zoo) cage(t *testing.T, s specimen) *cage {
	t.Helper()
	c := &cage{specimen: s, t: t, namespace: namespaceCalled(t, "zoo-"), repository: shared.registry + "/zoo/animal", image: z.image}
	// Without it pods are refused, which would look like a fault of the release.
	c.kubectl("wait", "--for=create", "--timeout=30s", "serviceaccount/default")
	if s.setup != nil {
		s.setup(c)
	}
	return c
}

func (c *cage) kubectl(args ...string) string {
	c.t.Helper()
	return kubectl(c.t, append([]string{"--namespace=" + c.namespace}, args...)...)
}

// create makes objects that are not of the release.
func (c *cage) create(manifests string) {
	c.t.Helper()
	c.kubectl("create", "--filename="+write(c.t, c.t.TempDir(), "objects.yaml", c.fill(manifests, "")))
}

// fill puts in what differs from cage to cage.
func (c *cage) fill(text, tag string) string {
	return strings.NewReplacer("$IMAGE", c.repository+tag, "$NAMESPACE", c.namespace, "$REGISTRY", shared.registry).Replace(text)
}

// pod waits for the first pod of which this is so.
func (c *cage) pod(is func(corev1.Pod) bool) corev1.Pod {
	c.t.Helper()
	var found corev1.Pod
	require.Eventually(c.t, func() bool {
		for _, found = range list[corev1.Pod](c.t, c.namespace, "pods") {
			if is(found) {
				return true
			}
		}
		return false
	}, 30*time.Second, 2*pause, "no such pod")
	return found
}

// pass lets time pass in which the cluster shows what looks like a fault.
func (c *cage) pass(d time.Duration) {
	select {
	case <-time.After(d):
	case <-c.t.Context().Done():
	}
}

// skycap deploys the specimen as its users do: from a commit whose image is built.
func (c *cage) skycap() answer {
	c.t.Helper()
	k := checkoutFor(c.t, c.namespace)
	k.hg("init")
	k.write("skycap.yaml", "app: zoo\nservices:\n  web:\n    image: "+c.repository+"\n    kubernetes: {manifests: deploy.yaml}\n"+
		"environments:\n  cage:\n    kubernetes: {context: skycap-lab, namespace: "+c.namespace+"}\n")
	if c.before != "" {
		c.commit(k, c.before)
		k.skycap("deploy", "tip", "cage", "--timeout="+formerTimeout, "-o", "json")
	}
	c.commit(k, c.manifests)
	c.signs = c.watch()
	start := time.Now()
	r := k.start("deploy", "tip", "cage", "--timeout="+timeout, "-o", "json")
	if c.during != nil {
		c.during(c)
	}
	o := r.end()
	events, first := k.events(o), c.signs.first()
	require.NotEmpty(c.t, events, "no event at all: %s", o.stderr)
	last := events[len(events)-1]
	require.Equal(c.t, skycap.EventResult, last.Type)
	said := answer{ok: last.Healthy, text: last.Error, whole: last.Error, seconds: last.Time.Sub(start).Seconds()}
	said.text, _, _ = strings.Cut(said.text, "\n")
	for _, service := range last.Services {
		said.whole += "\n" + service.Cause
	}
	said.unseen = last.Changed && first.IsZero()
	if last.Changed && !first.IsZero() {
		said.after = max(0, last.Time.Sub(first).Seconds()) // the watch may be behind
	}
	return said
}

// commit commits a release, and builds its image as a pipeline would.
func (c *cage) commit(k *checkout, manifests string) {
	c.t.Helper()
	k.write("deploy.yaml", c.fill(manifests, ""))
	k.hg("commit", "--quiet", "--addremove", "--message="+c.name)
	if c.image != nil {
		push(c.t, c.image, c.repository+":"+k.node(".")[:12])
	}
}
