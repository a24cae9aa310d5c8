package endtoend

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// refusal is bad input, and what skycap says of it.
type refusal struct {
	name    string
	prepare func(c *checkout)          // makes the input bad; may be nil
	args    func(c *checkout) []string // deploy tip staging when nil
	code    int
	says    []string // in error lines
	hints   []string // in hint lines
}

// deploying is the command line of a deploy.
func deploying(revision string, more ...string) func(*checkout) []string {
	return func(*checkout) []string { return append([]string{"deploy", revision}, more...) }
}

// refuse proves each refusal in a checkout of its own.
func refuse(t *testing.T, refusals []refusal) {
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t)
			r.assert(c)
		})
	}
}

func (r refusal) assert(c *checkout) {
	c.t.Helper()
	if r.prepare != nil {
		r.prepare(c)
	}
	args := []string{"deploy", "tip", "staging"}
	if r.args != nil {
		args = r.args(c)
	}
	before := contents(c.t, c.staging)
	c.env = append(c.env, "SKYCAP_OUTPUT=json")
	o := c.skycap(args...)
	assert.Equal(c.t, r.code, o.code)
	c.assertExplained(o, r.says, r.hints)
	assert.Equal(c.t, before, contents(c.t, c.staging), "nothing was changed")
}

var goish = regexp.MustCompile(`exit status|goroutine|%!|panic:|0x[0-9a-f]{6,}|<nil>|map\[`)

// assertExplained proves the form of a failure, on both streams.
func (c *checkout) assertExplained(o outcome, says, hints []string) {
	c.t.Helper()
	var errors, advice strings.Builder
	for line := range strings.Lines(o.stderr) {
		if text, ok := strings.CutPrefix(line, "skycap: error: "); ok {
			errors.WriteString(text)
		} else if text, ok := strings.CutPrefix(line, "skycap: hint: "); ok {
			advice.WriteString(text)
		}
	}
	assert.NotEmpty(c.t, errors.String(), "an error line: %s", o.stderr)
	assert.NotEmpty(c.t, advice.String(), "a hint line: %s", o.stderr)
	assert.NotRegexp(c.t, goish, o.stderr)
	for _, text := range says {
		assert.Contains(c.t, errors.String(), text)
	}
	for _, text := range hints {
		assert.Contains(c.t, advice.String(), text)
	}
	result := c.result(o)
	assert.False(c.t, result.Changed)
	assert.False(c.t, result.Healthy)
	assert.NotEmpty(c.t, result.Error)
	assert.NotEmpty(c.t, result.Hints)
}
