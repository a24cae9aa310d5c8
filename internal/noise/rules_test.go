package noise

import (
	"bufio"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// classed is a record whose class is known.
type classed struct {
	class           Class
	versions, where string
	text            string
}

func corpus(t testing.TB) []classed {
	t.Helper()
	file, err := os.Open("testdata/corpus.tsv")
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	var found []classed
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		columns := strings.SplitN(lines.Text(), "\t", 4)
		require.Len(t, columns, 4)
		text := columns[3]
		if strings.HasSuffix(columns[2], "[escaped]") {
			text, err = strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
			require.NoError(t, err, columns[3])
		}
		found = append(found, classed{Class(columns[0]), columns[1], columns[2], text})
	}
	require.NoError(t, lines.Err())
	require.Len(t, found, 210)
	return found
}

// isOfLogs reports whether a text is an application's, on stdout: the filter never sees such.
func (c classed) isOfLogs() bool { return c.class == Progress }

func TestEachExampleIsOfItsRule(t *testing.T) {
	t.Parallel()
	rules, err := Builtin()
	require.NoError(t, err)
	made := Default()
	for _, rule := range rules {
		require.NotEmpty(t, rule.ID)
		require.NotEmpty(t, rule.Reason, rule.ID)
		require.NotEmpty(t, rule.Examples, rule.ID)
		for _, example := range rule.Examples {
			if rule.Class == Transient {
				class, by := made.Class([]byte(example), true)
				assert.Equal(t, Transient, class, example)
				assert.Equal(t, rule.ID, by.ID)
				continue
			}
			by := made.Match([]byte(example))
			require.NotNil(t, by, example)
			assert.Equal(t, rule.ID, by.ID, example)
		}
	}
}

func TestTheCorpusIsClassed(t *testing.T) {
	t.Parallel()
	for _, c := range corpus(t) {
		h := filtered(t, Options{}, c.text+"\n", false)
		class, rule := Default().Class([]byte(c.text), c.class == Error || c.class == Transient)
		switch c.class {
		case Noise:
			if strings.HasPrefix(c.text, "WARNING: jeton") { // a plugin's own: nobody can know it
				assert.Equal(t, c.text+"\n", h.shown)
				continue
			}
			assert.Empty(t, h.shown, c)
			assert.Equal(t, Noise, class, c)
		case Warning:
			assert.Empty(t, h.held, c)
			assert.Equal(t, Warning, class, c)
		case Error, Transient:
			assert.Equal(t, c.text+"\n", filtered(t, Options{}, c.text+"\n", true).shown)
			assert.Contains(t, []Class{Error, Transient, Warning}, class, c)
			if c.class == Transient {
				assert.Equal(t, Transient, class, c)
			}
			isLine := !strings.Contains(c.text, "\n")
			if isLine && (rule == nil || rule.Class == Error) {
				assert.Empty(t, h.held, c)
			}
		case Progress:
			require.True(t, c.isOfLogs())
		}
	}
}

// forms are the same entry as other versions of klog write it.
func forms(t *testing.T, text string) []string {
	t.Helper()
	e, ok, _ := parse([]byte(text))
	if !ok || strings.Contains(text, "\n") {
		return nil
	}
	header := strings.TrimSuffix(text, string(e.message))
	header = strings.Replace(header, "1123", "0504", 1)
	said, _ := subject(e.message)
	message := string(said)
	if e.message[0] == '"' {
		message = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(message)
	}
	before, after, found := strings.Cut(message, ": ")
	made := []string{
		header + message,
		header + `"Unhandled Error" err=` + strconv.Quote(message),
		header + `"Unhandled Error" err=` + strconv.Quote(message) + ` logger="UnhandledError"`,
		header + "\"Unhandled Error\" err=<\n\t" + message + "\n\tmore of it\n >",
	}
	if found {
		made = append(made, header+strconv.Quote(strings.ToUpper(before[:1])+before[1:])+" err="+strconv.Quote(after)+` gv="metrics.k8s.io/v1beta1"`)
	}
	return made
}

func TestRulesKnowAFamilyInTheFormsOfOtherVersions(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, c := range corpus(t) {
		if c.class != Noise {
			continue
		}
		for _, form := range forms(t, c.text) {
			tried++
			assert.Equal(t, form+"\n", filtered(t, Options{}, form+"\n", false).held, "of %q", c.text)
		}
	}
	assert.Greater(t, tried, 100)
}

// without are the rules that somebody would have written who had not seen some
// texts: what they look for stands in at least one of the others.
func without(t *testing.T, others []string) *Rules {
	t.Helper()
	for i, text := range others {
		others[i] = strings.ToLower(text)
	}
	isSeen := func(part string) bool {
		return slices.ContainsFunc(others, func(text string) bool { return strings.Contains(text, strings.ToLower(part)) })
	}
	seen := func(parts []string) []string {
		return slices.DeleteFunc(slices.Clone(parts), func(part string) bool { return !isSeen(part) })
	}
	all, err := Builtin()
	require.NoError(t, err)
	var kept []Rule
	for _, rule := range all {
		begins, has, files := seen(rule.Begins), seen(rule.Has), seen(rule.Files)
		isLost := len(begins) < min(1, len(rule.Begins)) || len(has) < min(1, len(rule.Has)) || len(files) < min(1, len(rule.Files))
		if isLost && rule.isOptional() {
			continue
		}
		if rule.isOptional() {
			rule.Begins, rule.Has, rule.Files = begins, has, files
		}
		kept = append(kept, rule)
	}
	return Make(kept)
}

// TestRulesHoldTheNoiseOfVersionsThatWereLeftOut writes the rules without one version
// of kubectl after the other, and demands that they know its noise all the same.
func TestRulesHoldTheNoiseOfVersionsThatWereLeftOut(t *testing.T) {
	t.Parallel()
	// What a version alone says, in all that was seen: nobody could have known it.
	own := map[string][]string{
		"1.27": {"WARNING: This version information"},
		"1.30": {"watch of *unstructured"},
		"1.35": {"Unexpected error when reading", "Waited before sending request", "All commands and output"},
	}
	for _, version := range []string{"1.27", "1.30", "1.31", "1.32", "1.35"} {
		var others []string
		for _, r := range kubectlRuns(t) {
			if r.Version != version {
				others = append(others, r.Stderr)
			}
		}
		rules := without(t, others)
		for _, r := range kubectlRuns(t) {
			if r.Version != version || r.failed() {
				continue
			}
			h := filtered(t, Options{Rules: rules}, r.Stderr, false)
			for line := range strings.Lines(h.shown) {
				isOwn := slices.ContainsFunc(own[version], func(part string) bool { return strings.Contains(line, part) })
				assert.Equal(t, isOwn, isKnownNoise(line), "%s without %s: %q", r, version, line)
			}
		}
	}
}

// Whatever rule is left out, what it was about is shown.
func TestWhatNoRuleIsAboutIsShown(t *testing.T) {
	t.Parallel()
	all, err := Builtin()
	require.NoError(t, err)
	for i, left := range all {
		if left.Class != "" {
			continue
		}
		rules := Make(slices.Delete(slices.Clone(all), i, i+1))
		for _, example := range left.Examples {
			h := filtered(t, Options{Rules: rules}, example+"\n", false)
			assert.Equal(t, example+"\n", h.shown, left.ID)
		}
	}
}

func TestRulesOfUsers(t *testing.T) {
	t.Parallel()
	chatter := "W1123 13:00:00.000000  1 gcloud.go:1] plugin chatter"
	mine := Rule{ID: "gcloud", Reason: "it talks", Files: []string{"gcloud.go"}, Begins: []string{"Plugin"}, Examples: []string{chatter}}
	rules, err := NewRules([]Rule{mine}, []string{"empty-list"})
	require.NoError(t, err)
	in := chatter + "\nNo resources found\n" + outage
	h := filtered(t, Options{Rules: rules}, in, false)
	assert.Equal(t, "No resources found\n", h.shown)
	assert.Equal(t, []string{"gcloud", "discovery"}, h.rules)

	hiding, err := NewRules([]Rule{{ID: "all", Begins: []string{"error"}}}, nil)
	require.NoError(t, err)
	assert.Equal(t, "error: no\n", filtered(t, Options{Rules: hiding}, "error: no\n", false).shown, "an error is never noise")

	swallowing, err := NewRules([]Rule{{ID: "x", Files: []string{"gcloud.go"}, Continues: []string{"error"}}}, nil)
	require.NoError(t, err)
	h = filtered(t, Options{Rules: swallowing}, chatter+"\nerrors may follow\nerror: no\n", false)
	assert.Equal(t, "error: no\n", h.shown[len(h.shown)-len("error: no\n"):], "an error continues nothing")
	assert.Equal(t, chatter+"\nerrors may follow\n", h.held)

	for want, rule := range map[string]Rule{
		`rule "" needs an id`:                      {},
		`rule "discovery" is there already`:        {ID: "discovery", Files: []string{"x.go"}},
		`rule "x" has class "error"`:               {ID: "x", Class: Error, Files: []string{"x.go"}},
		`rule "x" has severity "F"; it must be of`: {ID: "x", Severity: "F", Files: []string{"x.go"}},
		`rule "x" needs files`:                     {ID: "x", Has: []string{"text"}},
		`rule "x" is about too much`:               {ID: "x", Begins: []string{"e"}},
		`rule "x" is about too much: begins and c`: {ID: "x", Files: []string{"x.go"}, Continues: []string{"e"}},
		`rule "x" is not about its example "text"`: {ID: "x", Begins: []string{"other"}, Examples: []string{"text"}},
	} {
		_, err := NewRules([]Rule{rule}, nil)
		var wrong *RuleError
		require.ErrorAs(t, err, &wrong)
		assert.ErrorContains(t, err, want)
	}
	for _, id := range []string{"fatal", "nonesuch"} {
		_, err := NewRules(nil, []string{id})
		assert.ErrorContains(t, err, `rule "`+id+`" can't be disabled`)
	}
}

// A server warns in words of its own, and may name what kubectl's noise names.
func TestWarningsOfServersAreNoNoise(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Warning: resource deployments/web resource created by admission webhook denied the request",
		"Warning: --force was ignored: deletion of pods is deprecated",
		"Warning: --cascade=orphan is deprecated for this kind",
		"Warning: kubectl apply should be used on Sundays: the resource created by team a has an owner",
	} {
		rule := Default().Match([]byte(text))
		require.NotNil(t, rule, text)
		assert.Equal(t, "warning", rule.ID, text)
	}
}
