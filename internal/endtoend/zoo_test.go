package endtoend

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/endtoend/measure"
)

// zoo is a run over many releases that are broken, and many that only look so.
type zoo struct {
	image v1.Image // of the animal
	arm64 v1.Image // the same for another architecture; nil in a quick run
	rows  []row
}

// answer is what a tool said of a specimen, and when.
type answer struct {
	ok      bool   // that it is deployed
	text    string // the line that is read first
	whole   string // all lines, among which a cause may be
	seconds float64
	after   float64 // since the cluster first showed the fault
	unseen  bool    // the cluster showed none, so after tells nothing
	named   bool    // the cause, with all that it must name
}

// row is a specimen with what the tools said of it.
type row struct {
	specimen
	skycap, kubectl, helm answer
}

// TestZoo proves that skycap names what is broken, and blames nothing that heals by
// itself. ZOO=all takes in the slow ones and the other tools, and writes docs/zoo.md.
func TestZoo(t *testing.T) {
	t.Parallel()
	needLab(t)
	all := os.Getenv("ZOO") == "all"
	z := &zoo{image: animalImage(t, "amd64")}
	if all {
		z.arm64 = animalImage(t, "arm64")
		_, err := exec.LookPath("helm")
		require.NoError(t, err, "make zoo installs it")
	}
	for _, s := range slices.Concat(z.broken(), healthy()) {
		if all || s.fast {
			z.rows = append(z.rows, row{specimen: s})
		}
	}
	t.Run("of", func(t *testing.T) { // ends when all have ended
		for i := range z.rows {
			t.Run(z.rows[i].name, func(t *testing.T) {
				t.Parallel()
				z.visit(t, &z.rows[i], all)
			})
		}
	})
	unvisited := func(r row) bool { return r.skycap.seconds == 0 }
	if all && !slices.ContainsFunc(z.rows, unvisited) { // not when only some were asked for
		measure.Write(t, "../../docs/zoo.md", "zoo", z.summary()+"\n"+z.tables())
	}
}

// visit has each tool deploy a specimen, and judges skycap.
func (z *zoo) visit(t *testing.T, r *row, peers bool) {
	t.Run("skycap", func(t *testing.T) {
		t.Parallel()
		c := z.cage(t, r.specimen)
		r.skycap = c.judged(c.skycap())
		if len(r.names) == 0 {
			assert.True(t, r.skycap.ok, "a false alarm: %s", r.skycap.whole)
			return
		}
		assert.False(t, r.skycap.ok, "the fault was not seen")
		assert.True(t, r.skycap.named, "it should name %q: %s", r.names, r.skycap.whole)
	})
	if !peers || len(r.names) == 0 {
		return
	}
	t.Run("kubectl", func(t *testing.T) {
		t.Parallel()
		c := z.cage(t, r.specimen)
		r.kubectl = c.judged(c.byKubectl())
	})
	t.Run("helm", func(t *testing.T) {
		t.Parallel()
		c := z.cage(t, r.specimen)
		r.helm = c.judged(c.byHelm())
	})
}

// judged tells whether the cause was named, and takes out of the text what differs
// from run to run.
func (c *cage) judged(a answer) answer {
	c.t.Helper()
	wrong := c.not != "" && regexp.MustCompile(c.not).MatchString(a.whole)
	a.named = !a.ok && !wrong && !slices.ContainsFunc(c.names, func(name string) bool {
		return !regexp.MustCompile(c.fill(name, "")).MatchString(a.whole)
	})
	a.text = c.anonymous(a.text)
	c.t.Logf("%.1f s, %.1f s after the first sign: %s", a.seconds, a.after, a.text)
	return a
}
