package endtoend

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// What watching may cost, however many pods there are.
const (
	mostMemory      = 150 << 10 // of skycap itself, in KiB
	mostConnections = 2         // to the API server
)

// A deploy of very many pods takes as long as the cluster takes, and little else.
func TestScale(t *testing.T) {
	needLab(t)
	most, err := strconv.Atoi(os.Getenv("SCALE"))
	if err != nil {
		t.Skip("measures for minutes: make scale")
	}
	if !strings.Contains(kubectl(t, "get", "nodes", "--output=name"), "node/simulated") {
		t.Skip("needs a simulated node: skycap-lab up --nodes simulated, or both")
	}
	for _, pods := range []int{most / 10, most} {
		t.Run(strconv.Itoa(pods), func(t *testing.T) {
			c := newCheckout(t)
			first := c.simulated(pods)
			second := c.commit(greeting, "Another greeting.\n")
			for _, revision := range []string{first, second} {
				m := c.measure("deploy", revision, "staging", "--timeout=10m", "-o", "json")
				require.Zero(t, m.code, m.stderr)
				assert.True(t, c.result(m.outcome).Healthy)
				t.Logf("%d pods, skycap:  %s", pods, m)
				assert.Less(t, m.memory, mostMemory)
				assert.LessOrEqual(t, m.connections, mostConnections)
			}
			again := c.measure("deploy", second, "staging", "--timeout=10m", "-o", "json")
			t.Logf("%d pods, nothing to do: %s", pods, again)
			assert.Equal(t, skycap.StateHealthy, c.status("staging").State)
			c.floor(first, second, pods)
		})
	}
}

// simulated commits a Deployment whose many pods a simulated node plays.
func (c *checkout) simulated(pods int) string {
	c.t.Helper()
	manifest := "deploy/web/deployment.yaml"
	c.edit(manifest, "replicas: 2", fmt.Sprintf("replicas: %d", pods))
	c.edit(manifest, "{maxSurge: 1, maxUnavailable: 0}", "{maxSurge: 25%, maxUnavailable: 25%}")
	return c.commitEdit(manifest, "      terminationGracePeriodSeconds: 5",
		"      terminationGracePeriodSeconds: 0\n      nodeSelector: {type: kwok}\n"+
			"      tolerations: [{key: kwok.x-k8s.io/node, operator: Exists}]")
}

// floor does by kubectl alone what skycap did, and tells how long that takes.
func (c *checkout) floor(first, second string, pods int) {
	c.t.Helper()
	namespace := newNamespace(c.t)
	for _, revision := range []string{first, second} {
		text := c.ok("config", "render", "--manifests", revision, "staging")
		file := write(c.t, c.t.TempDir(), "manifests.yaml", strings.ReplaceAll(text, c.staging, namespace))
		begun := time.Now()
		kubectl(c.t, "--namespace="+namespace, "apply", "--server-side", "--filename="+file)
		kubectl(c.t, "--namespace="+namespace, "rollout", "status", "deployment/web", "--timeout=10m")
		c.t.Logf("%d pods, kubectl apply and rollout status: %.1f s", pods, time.Since(begun).Seconds())
	}
}

// logProxy has kubectl's proxy log its requests, and returns what counts them.
func (c *checkout) logProxy() (environment string, count func() int) {
	c.t.Helper()
	folder := c.t.TempDir()
	log := filepath.Join(folder, "log")
	script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *' proxy '*) exec '%s' \"$@\" -v=6 2>>'%s';; esac\nexec '%[1]s' \"$@\"\n",
		filepath.Join(shared.state, "bin", "kubectl"), log)
	require.NoError(c.t, os.WriteFile(filepath.Join(folder, "kubectl"), []byte(script), 0o755))
	return "PATH=" + folder + string(os.PathListSeparator) + os.Getenv("PATH"), func() int {
		content, err := os.ReadFile(log)
		require.NoError(c.t, err)
		return strings.Count(string(content), "verb=")
	}
}
