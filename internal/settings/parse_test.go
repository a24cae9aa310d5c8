package settings

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files of testdata")

func TestParseStorefront(t *testing.T) {
	p, err := Load("testdata/storefront.yaml")
	require.NoError(t, err)

	assert.Equal(t, "storefront", p.App)
	assert.Equal(t, "testdata/storefront.yaml", p.File)
	assert.Len(t, p.Hash, 64)
	assert.Equal(t, Revision{Type: "hg", Repository: ".", Tag: "{{ .Short }}"}, p.Revision)
	assert.Equal(t, Hooks{BeforeDeploy: "./bin/announce", AfterDeploy: "true", OnFailure: "./bin/page"}, p.Hooks)
	assert.Equal(t, map[string]*Service{
		"web": {
			Name:   "web",
			Images: map[string]string{"web": "registry.example.com/storefront/web"},
			Build:  &Build{Context: ".", Dockerfile: "Dockerfile"},
			Config: &Config{
				From:  []string{"config/common", "config/{{ .Environment }}/web"},
				Mount: "/etc/storefront", Env: true, Path: "config",
			},
			Secrets:    &Secrets{From: []string{"secrets/{{ .Environment }}/web"}, Mount: "/run/secrets/storefront", Path: "secrets"},
			Kubernetes: &Kubernetes{Manifests: "deploy/web", Allow: []string{}},
			After:      []string{"billing"},
		},
		"billing": {
			Name: "billing",
			Images: map[string]string{
				"billing": "registry.example.com:5000/billing", "sidecar": "registry.example.com/sidecar",
			},
			Kubernetes: &Kubernetes{Manifests: "deploy/billing", Allow: []string{"cluster-scoped"}},
		},
		"worker": {
			Name:   "worker",
			Config: &Config{From: []string{"config/{{ .Environment }}/worker"}, Path: "config"},
			Hosts: &Hosts{
				DeployTo: "/srv/worker", Unit: "worker", UnitFile: "deploy/worker.service", Build: "make build",
				Check:      &Check{HTTP: "http://localhost:9000/healthz", Timeout: 45 * time.Second},
				LinkedDirs: []string{"log"}, LinkedFiles: []string{},
				KeepReleases: 7, Owner: "worker", Sudo: []string{"restart", "stop", "start", "install-unit"},
			},
			Hooks: ServiceHooks{BeforePublish: "./bin/migrate", AfterPublish: "./bin/warm"},
		},
	}, p.Services)
	assert.Equal(t, map[string]*Environment{
		"staging": {
			Name: "staging", OnFailure: "hold",
			Kubernetes: &Namespace{Context: "staging", Namespace: "storefront"},
			Hosts:      map[string]*HostGroup{"worker": {Addresses: []string{"worker1.staging", "worker2.staging"}}},
			Values:     map[string]any{"log_level": "debug"},
		},
		"production": {
			Name: "production", Protected: true, OnFailure: "rollback",
			Kubernetes: &Namespace{
				Context: "production", Namespace: "storefront", Cluster: "8c1e0c52-2d4e-4a3e-9d55-0e8a4f0b6d11",
			},
			Hosts: map[string]*HostGroup{"worker": {
				Addresses: []string{"worker1", "worker2", "worker3", "worker4"}, User: "deploy",
				Batch: Batch{{Hosts: 1}, {Percent: 50}, {Percent: 100}},
			}},
			Services: map[string]*Placement{"worker": {Target: TargetHosts}},
			Values: map[string]any{
				"LogLevel": "info", "FEATURE_FLAG": true, "app.properties": "a=b",
				"limits": map[string]any{"Memory": 512, "ratio": 0.5, "none": nil, "hosts": []any{"a", 1}},
			},
		},
	}, p.Environments)
}

func TestParseFills(t *testing.T) {
	p, err := Parse("skycap.yaml", []byte(`
app: shop
services:
  web:
    build: {}
    image: shop/web
    config: {from: [config]}
    hosts: {deploy_to: /srv/web, check: {command: "true"}}
environments: {staging: }
`))
	require.NoError(t, err)
	web := p.Services["web"]
	assert.Equal(t, "{{ .Short }}", p.Revision.Tag)
	assert.Equal(t, &Build{Context: ".", Dockerfile: "Dockerfile"}, web.Build)
	assert.Equal(t, "config", web.Config.Path)
	assert.Equal(t, 5, web.Hosts.KeepReleases)
	assert.Equal(t, 30*time.Second, web.Hosts.Check.Timeout)
	assert.Equal(t, "hold", p.Environments["staging"].OnFailure)
}

func TestParseYAML(t *testing.T) {
	values := func(text string) string { return "app: a\nenvironments:\n  e:\n    values:\n      " + text + "\n" }
	for name, test := range map[string]struct {
		text string
		want map[string]any
	}{
		"byte order mark":    {"\ufeff" + values("k: v"), map[string]any{"k": "v"}},
		"CRLF line ends":     {strings.ReplaceAll(values("k: |\n        a\n        b"), "\n", "\r\n"), map[string]any{"k": "a\nb\n"}},
		"CR line ends":       {strings.ReplaceAll(values("k: v"), "\n", "\r"), map[string]any{"k": "v"}},
		"document marks":     {"%YAML 1.2\n---\n" + values("k: v") + "...\n", map[string]any{"k": "v"}},
		"alias":              {values("k: &x {a: 1}\n      l: *x"), map[string]any{"k": map[string]any{"a": 1}, "l": map[string]any{"a": 1}}},
		"alias as a key":     {values("k: &x v\n      *x : w"), map[string]any{"k": "v", "v": "w"}},
		"merge key":          {values("k: &x {a: 1, b: 2}\n      l: {<<: *x, b: 3}"), map[string]any{"k": map[string]any{"a": 1, "b": 2}, "l": map[string]any{"a": 1, "b": 3}}},
		"merge of two":       {values("x: &x {a: 1}\n      y: &y {a: 2, b: 2}\n      l: {<<: [*x, *y]}"), map[string]any{"x": map[string]any{"a": 1}, "y": map[string]any{"a": 2, "b": 2}, "l": map[string]any{"a": 1, "b": 2}}},
		"tags":               {values(`{a: !!str 010, b: !!int 7, c: !!map {}}`), map[string]any{"a": "010", "b": 7, "c": map[string]any{}}},
		"scalars":            {values(`{a: yes, b: true, c: 1.5, d: -2, e: ~, f: "1", g: 18446744073709551615, h: 2026-01-02}`), map[string]any{"a": "yes", "b": true, "c": 1.5, "d": -2, "e": nil, "f": "1", "g": uint64(18446744073709551615), "h": "2026-01-02"}},
		"keys of other kind": {values(`{1: a, true: b, 1.50: c}`), map[string]any{"1": "a", "true": "b", "1.50": "c"}},
		"explicit key":       {values("? k\n      : v"), map[string]any{"k": "v"}},
		"unicode":            {values(`"schlüssel 🔑": "wert\0"`), map[string]any{"schlüssel 🔑": "wert\x00"}},
		"no values":          {values("") + "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse("skycap.yaml", []byte(test.text))
			require.NoError(t, err)
			assert.Equal(t, test.want, p.Environments["e"].Values)
		})
	}
}

// TestFaults compares the faults of each broken file with the .want beside it.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			_, err = Parse("skycap.yaml", data)
			var faults Faults
			require.ErrorAs(t, err, &faults)
			golden(t, strings.TrimSuffix(file, ".yaml")+".want", err.Error()+"\n")
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "to write it: go test -run %s -update", t.Name())
	assert.Equal(t, string(want), got)
}

// TestParseHostile gives what would cost a naive reader all its memory, its stack or the evening.
func TestParseHostile(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("app: a\nenvironments: {e: {values: {\na0: &a0 [x, x, x, x, x, x, x, x, x, x],\n")
	for i := range 20 {
		before, name := string(rune('a'+i))+"0", string(rune('b'+i))+"0"
		bomb.WriteString(name + ": &" + name + " [" + strings.Repeat("*"+before+", ", 9) + "*" + before + "],\n")
	}
	bomb.WriteString("}}}\nservices: {web: {}}\n")
	stack := "v0: &v0 [[[[[[[[[[x]]]]]]]]]]\n"
	for i := range 10 {
		a, b := string(rune('0'+i)), string(rune('1'+i))
		stack += "v" + b + ": &v" + b + " [[[[[[[[[[*v" + a + "]]]]]]]]]]\n"
	}
	for name, test := range map[string]struct{ text, want string }{
		"flow depth":    {strings.Repeat("[", maxBytes), "too long"},
		"flow":          {"app: " + strings.Repeat("[", 5000), "deep"},
		"flow mappings": {strings.Repeat("{a: ", 5000), "deep"},
		"block depth":   {strings.Repeat("- ", 5000), "deep"},
		"flat":          {strings.Repeat("a: b\n", 20000), "too long"},
		"blank lines":   {"app: |\n" + strings.Repeat("  \n", 80_000), "too long"},
		"large":         {strings.Repeat("#", maxBytes+1), "256 KiB"},
		"alias bomb":    {bomb.String(), "aliases are expanded"},
		"alias tower":   {stack, "levels deep"},
		"own alias":     {"app: a\nhooks: &x\n  on_failure: *x\n", "no anchor before"},
		"long key":      {"app: a\n" + strings.Repeat("k", 100_000) + ": 1\n", "bytes long"},
	} {
		t.Run(name, func(t *testing.T) {
			started := time.Now()
			_, err := Parse("skycap.yaml", []byte(test.text))
			assert.ErrorContains(t, err, test.want)
			assert.Less(t, time.Since(started), 10*time.Second)
		})
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/faults/*.yaml")
	for _, file := range append(files, "testdata/storefront.yaml") {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("skycap.yaml", data)
		if err == nil {
			require.NotEmpty(t, p.App)
			return
		}
		var faults Faults
		require.True(t, errors.As(err, &faults), "%T", err)
		require.NotEmpty(t, faults)
		for _, fault := range faults {
			require.GreaterOrEqual(t, fault.Line, 1)
			require.GreaterOrEqual(t, fault.Column, 1)
			require.NotEmpty(t, fault.Message)
		}
	})
}
