// Package matrix holds no code: its test has every kubectl at hand do all that
// skycap asks of one, against API servers of several versions, and writes
// docs/matrix.md. The servers are bare: no controller, no node.
package matrix

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/endtoend/measure"
	"github.com/skycap/skycap/internal/kubectl"
)

// TestMatrix needs MATRIX, the folder in which .ci/matrix has built API servers.
// MATRIX_SERVERS names some of them, MATRIX_KUBECTLS some rows of the table.
func TestMatrix(t *testing.T) {
	built := os.Getenv("MATRIX")
	if built == "" {
		t.Skip("runs for minutes: make matrix")
	}
	binary := buildSkycap(t)
	found := &table{servers: servers(t, built), kubectls: kubectls(t, built)}
	beHostile(t)
	for _, version := range found.servers {
		t.Run(version, func(t *testing.T) {
			s := startServer(t, built, version)
			all := func(name string, demands []demand, observations []observation) {
				t.Run(name, func(t *testing.T) { // returns when all of its parts have ended
					for _, program := range found.kubectls {
						t.Run(program.name, func(t *testing.T) {
							t.Parallel()
							r := result{server: version, program: program.name, failed: []string{"did not end"}}
							defer func() { found.add(r) }()
							r = newCell(t, s, program, binary).run(t, demands, observations)
						})
					}
				})
			}
			all("all is well", demands(), observations())
			s.takeAPIDown(t)
			all("API down", []demand{{"API down", hasAPIDown}}, observationsWithAPIDown())
		})
	}
	measure.Write(t, "../../../docs/matrix.md", "matrix", found.cells()+"\n"+found.differences())
}

// result is what a cell of the table says.
type result struct {
	server, program string
	kubectl         string // its version for this server: dispatchers choose one
	skew            string // what is warned of
	refusal         string // why it is refused
	failed          []string
	does            map[string]bool // which of the differences it shows
}

// run checks whether a kubectl does what is asked of it, and sees how it does it.
func (c *cell) run(t *testing.T, demands []demand, observations []observation) result {
	t.Helper()
	r := result{server: c.server.version, program: c.program.name, does: map[string]bool{}}
	if refusal := c.refusal(t); refusal != nil {
		r.refusal = refusal.Error()
		if c.isSupported() {
			t.Errorf("%s is one of %s, and refused: %v", c.program.name, kubectl.Supported(), refusal)
			r.failed = append(r.failed, "refused")
		}
		return r
	}
	r.kubectl = c.version
	r.skew = kubectl.SkewOf(c.version, c.serverVersion(t))
	for _, d := range demands {
		if !t.Run(d.name, func(t *testing.T) { d.check(t, c) }) {
			r.failed = append(r.failed, d.name)
		}
	}
	for _, o := range observations {
		if !t.Run("does: "+o.behaviour, func(t *testing.T) { r.does[o.behaviour] = c.observe(t, o) }) {
			r.failed = append(r.failed, o.behaviour)
		}
	}
	return r
}

// refusal is why skycap refuses this kubectl before it changes anything, as
// `skycap doctor` would say; nil where it doesn't.
func (c *cell) refusal(t *testing.T) *kubectl.Error {
	t.Helper()
	version, err := c.client(admin).Version(t.Context())
	if err == nil {
		c.version = version
		err = c.client(admin).Probe(t.Context())
	}
	var failure *kubectl.Error
	if errors.As(err, &failure) && failure.Reason == kubectl.Skew {
		return failure
	}
	require.NoError(t, err)
	return nil
}

// isSupported reports whether it is of a version that skycap is written for, or says none.
func (c *cell) isSupported() bool {
	minor, isKnown := kubectl.MinorOf(c.version)
	return !isKnown || minor >= kubectl.Oldest && minor <= kubectl.Newest
}

// servers are the versions of the API servers that are built.
func servers(t *testing.T, built string) []string {
	t.Helper()
	if wanted := os.Getenv("MATRIX_SERVERS"); wanted != "" {
		return strings.Fields(wanted)
	}
	entries, err := os.ReadDir(built)
	require.NoError(t, err)
	var versions []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "v") {
			versions = append(versions, entry.Name())
		}
	}
	require.NotEmpty(t, versions)
	return slices.Sorted(slices.Values(versions))
}
