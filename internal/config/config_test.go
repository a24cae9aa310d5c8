package config

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/revision"
)

func fields() Fields {
	return Fields{
		App: "shop", Service: "web", Environment: "staging", Revision: strings.Repeat("a", 40),
		Values: map[string]any{"LogLevel": "debug", "nested": map[string]any{"n": 1}},
		Addr: func(service string) (string, error) {
			if service == "billing" {
				return "billing.shop.svc", nil
			}
			return "", fmt.Errorf("no service %q", service)
		},
	}
}

func files(pairs ...string) revision.Tree {
	tree := revision.Tree{}
	for i := 0; i < len(pairs); i += 2 {
		tree[pairs[i]] = revision.File{Data: []byte(pairs[i+1])}
	}
	return tree
}

func TestLayersReplaceAndTemplatesRender(t *testing.T) {
	t.Parallel()
	tree, err := Render(t.Context(), files(
		"config/common/a", "common", "config/common/sub/b", "kept", "config/staging/a", "staging",
		"config/staging/{{ .NotRendered }}", "{{ .NotRendered }}",
		"config/staging/t.tmpl", `{{ .App }} {{ .Service }} {{ .Environment }} {{ .Values.LogLevel }} {{ .Values.nested.n }} {{ addr "billing" }} {{ .Revision }}`,
		"config/production/a", "production", "other/a", "other",
	), []string{"config/common", "config/staging", "config/none"}, fields())
	require.NoError(t, err)
	assert.Equal(t, files(
		"a", "staging", "sub/b", "kept", "{{ .NotRendered }}", "{{ .NotRendered }}",
		"t", "shop web staging debug 1 billing.shop.svc "+strings.Repeat("a", 40),
	), tree.Files)
	assert.Equal(t, []string{"config/none"}, tree.Empty)
}

// hashOf is that of the layer c.
func hashOf(t *testing.T, tree revision.Tree) string {
	t.Helper()
	rendered, err := Render(t.Context(), tree, []string{"c"}, fields())
	require.NoError(t, err)
	return rendered.Hash
}

func TestHashCoversPathBytesAndMode(t *testing.T) {
	t.Parallel()
	base := hashOf(t, files("c/a", "1", "c/b", "2"))
	assert.Len(t, base, 10)
	assert.Equal(t, base, hashOf(t, files("c/a", "1", "c/b", "2", "elsewhere", "x")))
	executable := files("c/a", "1", "c/b", "2")
	executable["c/a"] = revision.File{Data: []byte("1"), Executable: true}
	for _, other := range []revision.Tree{
		files("c/a", "1", "c/b", "3"), files("c/a", "1", "c/c", "2"), files("c/a", "12", "c/b", ""), files("c/a", "1"), executable,
	} {
		assert.NotEqual(t, base, hashOf(t, other), "%v", other)
	}
}

// A file's bytes can't pass for what stands between two files.
func TestHashKeepsFilesApart(t *testing.T) {
	t.Parallel()
	two := hashOf(t, files("c/a", "1", "c/b", "2"))
	for _, between := range []string{"1 b false 1\n", "1 b false 2\n", "1 b false\n", "1 b false \n"} {
		assert.NotEqual(t, two, hashOf(t, files("c/a", "1"+between+"2")), "%q", between)
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	tree := files(
		"c/big", strings.Repeat("x", MaxFileSize+1), "c/just", strings.Repeat("x", MaxFileSize),
		"c/..data/x", "", "c/bad\xff", "",
		"c/unknown.tmpl", "line one\n{{ .Values.Missing }}", "c/syntax.tmpl", "{{ if }}",
		"c/call.tmpl", `{{ addr "nobody" }}`, "c/long.tmpl", `{{ range 1000000 }}xxxxxxxx{{ end }}`,
		"c/folder", "", "d/folder/file", "", "c/y", "", "c/y.tmpl", "",
	)
	_, err := Render(t.Context(), tree, []string{"c", "d"}, fields())
	for _, want := range []string{
		"c/big: is 921601 bytes", `c/..data/x: "..data" begins with two dots`, `"c/bad\xff": its path is not UTF-8`,
		`c/unknown.tmpl:2: <.Values.Missing>: map has no entry for key "Missing"`, "c/syntax.tmpl:1: missing value for if",
		`c/call.tmpl:1: <addr "nobody">: error calling addr: no service "nobody"`, "c/long.tmpl: the template's output is over",
		`d/folder/file: "folder" is a folder here, and the file "c/folder" in another layer`, `c/y.tmpl: becomes "y", as "c/y" does`,
	} {
		assert.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "c/just")
	var fault *Fault
	assert.True(t, errors.As(err, &fault))
}

func TestNoLayerHasAFile(t *testing.T) {
	t.Parallel()
	_, err := Render(t.Context(), files("config/x", ""), []string{"confg/common", "confg/web"}, fields())
	assert.ErrorContains(t, err, "confg/common, confg/web: no file there at this revision")
}

func TestTooManyFiles(t *testing.T) {
	t.Parallel()
	tree := revision.Tree{}
	for i := range MaxFiles + 1 {
		tree[fmt.Sprintf("c/%d", i)] = revision.File{}
	}
	_, err := Render(t.Context(), tree, []string{"c"}, fields())
	assert.ErrorContains(t, err, "5001 files; a service may have at most 5000")
}

func TestEnvironmentKeepsValuesByteForByte(t *testing.T) {
	t.Parallel()
	tree, err := Render(t.Context(), files("c/a.env", "FEATURE_FLAG=On\nq= \"x\" $HOME #y \r\nEMPTY=\n", "c/b/z.env", "FEATURE_FLAG=b=c\n", "c/other", "X=1"),
		[]string{"c"}, fields())
	require.NoError(t, err)
	variables, err := tree.Variables()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"FEATURE_FLAG": "b=c", "q": ` "x" $HOME #y `, "EMPTY": ""}, variables)
	assert.Len(t, tree.Files, 3)
}

func TestTemplatesEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"a loop without output": {"\n{{ range 1000000000 }}{{ end }}", ":2: the template takes more than 1000000 steps"},
		"in the other branch":   {"{{ if false }}{{ else }}\n\n{{ range 1000000000 }}{{ end }}{{ end }}", ":3: the template takes"},
		"a loop in a loop":      {"{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}", "c/x.tmpl:1: the template takes more"},
		"templates that call themselves twice": {
			"\n{{ define \"a\" }}{{ if . }}{{ template \"a\" slice . 1 }}{{ template \"a\" slice . 1 }}{{ end }}{{ end }}" +
				`{{ template "a" "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" }}`, ":2: the template takes more"},
		"a template that calls itself": {`{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`, "exceeded maximum template depth"},
		"a text that doubles":          {`{{ $x := "x" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}`, "the template's output is over"},
		"a text that is formatted":     {`{{ $x := "x" }}{{ range 60 }}{{ $x = printf "%s%s" $x $x }}{{ end }}`, "the template's output is over"},
		"a text that is escaped":       {`{{ $x := "&" }}{{ range 60 }}{{ $x = html $x $x }}{{ end }}`, "the template's output is over"},
		"long texts again and again":   {"\n\n{{ range 999999 }}{{ $x := printf \"%900000d\" 1 }}{{ end }}", ":3: the template takes more"},
		"long texts that are compared": {"{{ $x := printf \"%800000d\" 1 }}{{ $y := print $x \"\" }}\n{{ range 100000 }}{{ if eq $x $y }}{{ end }}{{ end }}", ":2: the template takes more"},
		"a long text in a pipe":        {"{{ $x := printf \"%800000d\" 1 }}{{ $y := print $x \"\" }}\n{{ range 100000 }}{{ if ($x | eq \"x\") }}{{ end }}{{ end }}", ":2: the template takes more"},
		"a long key":                   {"{{ $x := printf \"%800000d\" 1 }}{{ range 100000 }}{{ if index $.Values $x }}{{ end }}{{ end }}", ":1: the template takes more"},
		"bodies that are long":         {"{{ range 10000 }}" + strings.Repeat("{{ if eq 1 2 }}{{ end }}", 1000) + "{{ end }}", ":1: the template takes more"},
		"maps that are sorted":         {"{{ range 20000 }}{{ range $.Values.many }}{{ break }}{{ end }}{{ end }}", ":1: the template takes more"},
		"widths that add up":           {"\n{{ $x := printf \"" + strings.Repeat("%999999d", 1000) + "\" 1 }}", ":2: the template's output is over"},
		"widths that are given":        {"{{ $x := printf \"" + strings.Repeat("%[1]*[1]d", 1000) + "\" 900000 }}", "the template's output is over"},
		"one that fmt ignores":         {"{{ range 2000 }}{{ $x := printf \"%*d\" 300000 1 1000001 }}{{ end }}", ":1: the template takes more"},
		"a text that is repeated":      {"{{ $x := printf \"%90000d\" 1 }}{{ $x := printf \"" + strings.Repeat("%[1]s", 100) + "\" $x }}", "the template's output is over"},
		"a list of wide numbers":       {"{{ $x := printf \"%90000d\" .Values.list }}", "the template's output is over"},
		"values that are long":         {"{{ .Values.long }}", "c/x.tmpl:1: the template's output is over"},
		"a file that takes steps":      {`{{ skycapStep -1 }}`, `function "skycapStep" not defined`},
		"a file":                       {`{{ readFile "/etc/passwd" }}`, `c/x.tmpl:1: function "readFile" not defined`},
		"the environment":              {`{{ env "HOME" }}`, `c/x.tmpl:1: function "env" not defined`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := fields()
			given.Values["list"] = slices.Repeat([]any{1}, 20)
			given.Values["long"] = slices.Repeat([]any{strings.Repeat("x", 1000)}, 50_000)
			many := map[string]any{}
			for i := range 1000 {
				many[fmt.Sprint(i)] = i
			}
			given.Values["many"] = many
			_, err := Render(t.Context(), files("c/x.tmpl", test.text), []string{"c"}, given)
			assert.ErrorContains(t, err, test.want)
			assert.Less(t, len(err.Error()), 500, "of a text only its ends are shown")
		})
	}
}

// The length of a text is known before it is made.
func TestTextsAreMeasuredBeforeTheyAreMade(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10_000)
	for format, values := range map[string][]any{
		"plain": nil, "%s %v": {long, 1}, "%50000s%-60000d": {"a", 1}, "%[1]s%[1]s%[1]s": {long}, "%[2]*[1]d": {1, 70_000}, "%*d": {-70_000, 1},
		"%.60000f": {1.0}, "%.*f": {60_000, 1.0}, "%+0 60000d%%": {1}, "%9000d": {[]any{1, 2, []any{3}}}, "%v": {map[string]any{"a": long}}, "%9000v": {map[string]any{"a": 1}},
		"%[3]*.[2]*[1]f": {12.0, 2, 6000}, "%*d ": {70_000, 1, 1_000_001}, "%*d  ": {uint(70_000), 1, math.MinInt64, uint64(math.MaxUint64)},
	} {
		made, bound := len(fmt.Sprintf(format, values...)), formatted(format, values)
		assert.GreaterOrEqual(t, bound, made, format)
		assert.LessOrEqual(t, bound, 8*made+1000, format)
	}
	for _, format := range []string{strings.Repeat("%999999d", 100_000), strings.Repeat("%[1]s", 100_000), strings.Repeat("%.999999d", 2), "%1000000d"} {
		assert.Greater(t, formatted(format, []any{long, 1}), MaxFileSize)
	}
	assert.Less(t, formatted("%1000000000d", []any{1}), 100, "which fmt does not heed")
	assert.LessOrEqual(t, measure(slices.Repeat([]any{strings.Repeat("x", MaxFileSize)}, 1000)).values, 3, "more is not looked at")
}

// How long an escaped text gets is known only once it is made.
func TestTextsTakeStepsForAllThatIsMade(t *testing.T) {
	t.Parallel()
	left := &steps{ctx: t.Context(), left: maxSteps}
	escape, ok := left.functions()["html"].(func(...any) (string, error))
	require.True(t, ok)
	text, err := escape(strings.Repeat("&", 100_000))
	require.NoError(t, err)
	assert.Equal(t, len(text)/stepBytes, maxSteps-left.left)
}

func TestTemplatesEndWithTheirContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	given := fields()
	calls := 0
	given.Addr = func(string) (string, error) { calls++; cancel(); return "", nil }
	_, err := Render(ctx, files("c/x.tmpl", `{{ range 9 }}{{ addr "" }}{{ end }}`), []string{"c"}, given)
	assert.Equal(t, context.Canceled, err)
	assert.Equal(t, 1, calls)
}

func TestNullIsNoText(t *testing.T) {
	t.Parallel()
	given := fields()
	given.Values["null"], given.Values["list"] = nil, []any{"a", nil}
	given.Values["db"] = map[string]any{"host": "x", "user-name": "y", "password": nil, "z": nil}
	given.Values["odd"] = []any{map[string]any{"user-name": nil}}
	for text, want := range map[string]string{
		"{{ .Values.null }}":                       `c/x.tmpl:2: .Values.null is null; give it a value, or write {{ or .Values.null "" }} or {{ with .Values.null }}`,
		"{{ $x := .Values.null }}{{ $x }}":         "c/x.tmpl:2: $x is null",
		`{{ index .Values "null" }}`:               `c/x.tmpl:2: index .Values "null" is null; give it a value, or write {{ or (index .Values "null") "" }}`,
		"{{ .Values.list }}":                       "c/x.tmpl:2: .Values.list holds null, in .Values.list[1]; give that a value, or write",
		"{{ .Values.db }}":                         "c/x.tmpl:2: .Values.db holds null, in .Values.db.password",
		"{{ .Values.odd }}":                        `.Values.odd holds null, in .Values.odd[0]["user-name"]`,
		`{{ index .Values "db" }}`:                 `c/x.tmpl:2: index .Values "db" holds null, in .password;`,
		"{{ . }}":                                  "c/x.tmpl:2: . holds null, in .Values.db.password",
		"{{ range .Values.list }}{{ . }}{{ end }}": "c/x.tmpl:2: . is null",
		"{{ range $k, $v := .Values.db }}{{ if $k }}{{ $k }}={{ $v }}{{ end }}{{ end }}": `c/x.tmpl:2: $v of key "password" is null; give it a value, or write {{ or $v "" }}`,
		"{{ range $k, $v := .Values }}{{ $v }}{{ end }}":                                 `c/x.tmpl:2: $v of key "db" holds null, in .password`,
		`{{ printf "%v" .Values.null }}`:                                                 `c/x.tmpl:2: <printf "%v" .Values.null>: error calling printf: null is given; give it a value, or write {{ or X "" }} or {{ with X }}`,
		`{{ printf "%v %v" 1 .Values.db }}`:                                              `c/x.tmpl:2: <printf "%v %v" 1 .Values.db>: error calling printf: what is given holds null, in .password;`,
		`{{ .Values.null | print }}`:                                                     "c/x.tmpl:2: <print>: error calling print: null is given",
		`{{ html .Values.null }}`:                                                        "c/x.tmpl:2: <html .Values.null>: error calling html: null is given",
	} {
		_, err := Render(t.Context(), files("c/x.tmpl", "\n"+text), []string{"c"}, given)
		assert.ErrorContains(t, err, want, text)
	}
	tree, err := Render(t.Context(), files("c/x.tmpl", `{{ with .Values.null }}{{ . }}{{ end }}{{ or .Values.null "x" }}{{ if eq .Values.null nil }}y{{ end }}`), []string{"c"}, given)
	require.NoError(t, err)
	assert.Equal(t, files("x", "xy"), tree.Files)
}

func TestFaultsShowTheTemplateAsItIs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{{ eq 1 .Values.LogLevel }}`:                          `c/x.tmpl:1: <eq 1 .Values.LogLevel>: error calling eq: incompatible types for comparison: int and string`,
		`{{ eq ")(" (len .Values) .Service }}`:                 `c/x.tmpl:1: <eq ")(" (len .Values) .Service>: error calling eq: incompatible types`,
		"{{ eq `\"(` '(' (1) }}":                               "c/x.tmpl:1: <eq `\"(` '(' (1)>: error calling eq: incompatible types",
		`{{ eq (eq 1 .Values.LogLevel) true }}`:                `c/x.tmpl:1: <eq 1 .Values.LogLevel>: error calling eq`,
		`{{ index (index .Values "nested") 1 }}`:               `c/x.tmpl:1: <index (index .Values "nested") 1>: error calling index: value has type int`,
		`{{ "a" | lt 1 }}`:                                     `c/x.tmpl:1: <lt 1>: error calling lt: incompatible types for comparison: int and string`,
		`{{ (index .Values "none").x }}`:                       `no entry for key "x"`,
		`{{ .Addr }}`:                                          `c/x.tmpl:1: <{{.Addr}}>: can't print {{.Addr}} of type func`,
		`{{ range .Values.LogLevel }}{{ end }}`:                `c/x.tmpl:1: <.Values.LogLevel>: range can't iterate over debug`,
		`{{ range $k, $v := .Values.LogLevel }}{{ end }}`:      `c/x.tmpl:1: <.Values.LogLevel>: range can't iterate over debug`,
		`{{ range index .Values "LogLevel" | html }}{{ end }}`: `range can't iterate over debug`,
	} {
		_, err := Render(t.Context(), files("c/x.tmpl", text), []string{"c"}, fields())
		assert.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "skycap")
	}
}

func TestLongLoopsAreNoFault(t *testing.T) {
	t.Parallel()
	tree, err := Render(t.Context(), files("c/x.tmpl", `{{ range $i := 100000 }}{{ if eq $i 99999 }}{{ printf "%d %s" $i (html "<") }}{{ end }}{{ end }}`), []string{"c"}, fields())
	require.NoError(t, err)
	assert.Equal(t, files("x", "99999 &lt;"), tree.Files)
}

func TestLinesThatAreNoVariablesAreNamedWhereTheyAreUsed(t *testing.T) {
	t.Parallel()
	tree, err := Render(t.Context(), files("c/x.env", "A=1\n\n# comment\nno assignment\n"), []string{"c"}, fields())
	require.NoError(t, err, "it may be for a program that reads it otherwise")
	_, err = tree.Variables()
	assert.ErrorContains(t, err, `c/x.env:4: "no assignment" is no NAME=value`)
}

func TestSecretLinesAreNotShown(t *testing.T) {
	t.Parallel()
	_, err := Tree{Files: revision.Tree{"x.env": {Data: []byte("A=1\nhunter2\n"), Private: true}}}.Variables()
	require.ErrorContains(t, err, "x.env:2: ")
	assert.NotContains(t, err.Error(), "hunter2")
}
