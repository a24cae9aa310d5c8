package endtoend

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/version"
)

// What kubectl says through the lab's noisy kubeconfig: entries of klog, and what a
// credential plugin chatters.
var (
	klog    = regexp.MustCompile(`(?m)^\s*[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ `)
	chatter = regexp.MustCompile(`gcp auth plugin|To learn more, consult|Kubeconfig user entry|metrics\.k8s\.io|throttling|team\d+\.example\.com`)
	hidden  = regexp.MustCompile(`(?m)^kubectl: \d{2,} lines of noise hidden, -v shows them$`)
)

// families are what the noise consists of, each as all versions of kubectl spell it.
var families = []string{
	`(?m)\bgcp\.go:\d+\] WARNING: the gcp auth plugin is deprecated`,
	`(?m)\bTo learn more, consult https://`,
	`(?m)\bKubeconfig user entry is using deprecated API version`,
	`(?im)\bmemcache\.go:\d+\] .*couldn't get resource list.*[ "]metrics\.k8s\.io/v1beta1`,
	`(?im)\bmemcache\.go:\d+\] .*couldn't get resource list.*[ "]custom\.metrics\.k8s\.io/v1beta1`,
	`(?m)\brequest\.go:\d+\] .*client-side throttling`,
}

// One after the other: a kubectl that takes ten seconds shows what it has held back.
func TestDeployThroughNoiseHasACleanScreen(t *testing.T) {
	t.Parallel()
	needLab(t)
	for version, program := range kubectls(t) {
		t.Run(version, func(t *testing.T) {
			c := newCheckout(t)
			c.throughNoise(program)
			o := c.skycap("deploy", "v1.0", "staging", "--timeout=90s")
			require.Zero(t, o.code, "%s\n%s", o.stdout, o.stderr)
			assert.Contains(t, o.stdout, "web healthy")
			assert.NotRegexp(t, klog, o.stdout+o.stderr)
			assert.NotRegexp(t, chatter, o.stdout+o.stderr)
			assert.Regexp(t, hidden, o.stderr)
		})
	}
}

func TestVerboseShowsTheNoise(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.throughNoise("kubectl")
	o := c.skycap("plan", "v1.0", "staging", "-v")
	require.Zero(t, o.code, "%s\n%s", o.stdout, o.stderr)
	for _, family := range families {
		assert.Regexp(t, family, o.stderr)
	}
	assert.NotRegexp(t, hidden, o.stderr, "it was shown")
}

func TestCauseIsToldThroughNoise(t *testing.T) {
	t.Parallel()
	needLab(t)
	throughNoise := func(c *checkout) { c.throughNoise("kubectl") }
	refuse(t, []refusal{
		{name: "object that the cluster rejects", code: 1, says: []string{"spec.replicas"},
			prepare: func(c *checkout) {
				throughNoise(c)
				c.commitEdit("deploy/web/deployment.yaml", "replicas: 2", "replicas: -2")
			}},
		{name: "no permission", code: 1, says: []string{"forbidden", `"lab-restricted"`}, hints: []string{"auth can-i --list"},
			prepare: func(c *checkout) {
				throughNoise(c)
				c.edit("skycap.yaml", "context: skycap-lab,", "context: skycap-lab-restricted,")
			}},
		// kubectl itself takes the kind for unknown: only what else is noise tells it why.
		{name: "object of the API that is down", code: 1, says: []string{`API "metrics.k8s.io/v1beta1" is down`},
			prepare: func(c *checkout) {
				throughNoise(c)
				c.commit("deploy/web/metrics.yaml", "{apiVersion: metrics.k8s.io/v1beta1, kind: PodMetrics, metadata: {name: web}}\n")
			}},
	})
}

// throughNoise has skycap deploy with a kubectl that finds much to complain of.
func (c *checkout) throughNoise(kubectl string) {
	c.t.Helper()
	require.NotEmpty(c.t, shared.noisy, `the lab has no noise yet: skycap-lab up, then eval "$(skycap-lab env)"`)
	program, err := exec.LookPath(kubectl)
	require.NoError(c.t, err)
	folder := c.t.TempDir()
	require.NoError(c.t, os.Symlink(program, filepath.Join(folder, "kubectl")))
	// What another run has remembered of the cluster's APIs would make it complain of less.
	c.env = append(c.env, "KUBECONFIG="+shared.noisy, "KUBECACHEDIR="+c.t.TempDir(),
		"PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// kubectls are the programs of the versions at hand: the one on PATH, and of those that lie
// there or in Google's package by the names of their versions, as in kubectl.1.27, the oldest
// and the newest. With KUBECTLS=all they are all.
func kubectls(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	add := func(program string) {
		var answer struct{ ClientVersion version.Info }
		text := command(t, "", nil, program, "version", "--client", "--output=json")
		require.NoError(t, json.Unmarshal([]byte(text), &answer))
		if name := answer.ClientVersion.GitVersion; found[name] == "" {
			found[name] = program
		}
	}
	usual, err := exec.LookPath("kubectl")
	require.NoError(t, err)
	add(usual)
	for _, folder := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/lib/google-cloud-sdk/bin") {
		programs, err := filepath.Glob(filepath.Join(folder, "kubectl.1.*"))
		require.NoError(t, err)
		for _, program := range programs {
			add(program)
		}
	}
	versions := slices.Sorted(maps.Keys(found)) // all of them are 1.NN
	for _, name := range versions[1:max(1, len(versions)-1)] {
		if os.Getenv("KUBECTLS") != "all" && found[name] != usual {
			delete(found, name)
		}
	}
	return found
}
