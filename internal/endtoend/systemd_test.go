package endtoend

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// systemdProject is the skycap.yaml of a service that is a unit on a host of the lab.
const systemdProject = `
app: %[1]s
services:
  worker:
    hosts:
      deploy_to: /home/deploy/%[1]s
      unit: %[1]s
      unit_file: unit
      sudo: [restart, stop, start, install-unit, logs]
environments:
  staging:
    hosts: {worker: [worker3]}
`

const systemdUnit = `[Service]
User=deploy
ExecStart=/bin/sh /home/deploy/%[1]s/current/program
Restart=on-failure
`

// A unit that is broken goes back, is stopped and stays so, and is started again.
func TestUnitOnAHostOfTheLab(t *testing.T) {
	t.Parallel()
	needLab(t)
	config := os.Getenv("SKYCAP_LAB_SSH_CONFIG")
	if config == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("the lab has no hosts: skycap-lab up --hosts 3")
		}
		t.Skip("the lab has no hosts")
	}
	c := checkoutFor(t, "no-namespace")
	c.env = append(c.env, "SKYCAP_SSH_CONFIG="+config)
	name := strings.ToLower(filepath.Base(c.temporary))
	t.Cleanup(func() {
		script := fmt.Sprintf("systemctl disable --quiet --now %[1]s; rm -rf /etc/systemd/system/%[1]s.service /home/deploy/%[1]s; systemctl daemon-reload", name)
		out, err := exec.Command("ssh", "-F", config, "root@worker3", script).CombinedOutput()
		assert.NoError(t, err, string(out))
	})
	c.hg("init", ".")
	c.write("skycap.yaml", fmt.Sprintf(systemdProject, name))
	c.write("unit", fmt.Sprintf(systemdUnit, name))
	revision := func(program string) string {
		c.write("program", program+"\n")
		c.hg("commit", "--quiet", "--addremove", "--message="+program)
		return c.node(".")
	}
	good, bad, other := revision("echo ready; exec sleep infinity"), revision("echo not today; exit 3"), revision("exec sleep infinity")

	c.deploy(good, "staging")
	o := c.skycap("deploy", bad, "staging", "--on-failure=rollback", "-o", "json")
	assert.Equal(t, 6, o.code, o.stderr)
	result := c.result(o)
	assert.Equal(t, skycap.ResultReverted, result.Word)
	assert.Contains(t, o.stdout, "not today", "what the unit wrote is evidence")
	status := c.status("staging")
	assert.Equal(t, skycap.StateHealthy, status.State, status.Message)
	assert.Equal(t, good, status.Revision)

	require.Zero(t, c.skycap("stop", "staging").code)
	assert.Equal(t, skycap.StateStopped, c.status("staging").State)
	o = c.skycap("deploy", other, "staging")
	require.Zero(t, o.code, o.stderr)
	assert.Contains(t, o.stderr, "stays so")
	status = c.status("staging")
	assert.Equal(t, skycap.StateStopped, status.State)
	assert.Equal(t, other, status.Revision)
	require.Zero(t, c.skycap("start", "staging").code)
	assert.Equal(t, skycap.StateHealthy, c.status("staging").State)

	o = c.skycap("logs", "staging")
	require.Zero(t, o.code, o.stderr)
	assert.Contains(t, o.stdout, "ready")
	o = c.skycap("doctor", "staging")
	assert.Zero(t, o.code, o.stdout)
}
