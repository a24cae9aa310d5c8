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
)

// settingsOf is a skycap.yaml whose services share the example's image.
func settingsOf(c *checkout, services ...string) string {
	var text strings.Builder
	text.WriteString("app: storefront\nservices:\n")
	for _, service := range services {
		fmt.Fprintf(&text, "  %s:\n    image: %s/storefront/web\n    config: {from: [config/%s], mount: /etc/storefront}\n"+
			"    kubernetes: {manifests: deploy/%s}\n", service, shared.registry, service, service)
	}
	fmt.Fprintf(&text, "environments:\n  staging:\n    kubernetes: {context: skycap-lab, namespace: %s}\n", c.staging)
	return text.String()
}

const tinyDeployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: %[1]s
          readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
`

// tenServices is a repository of ten services, each with a Deployment and configuration.
func tenServices(t *testing.T) *checkout {
	t.Helper()
	needLab(t)
	c := emptyCheckout(t)
	c.hg("init")
	var services []string
	for i := range 10 {
		service := fmt.Sprintf("service%d", i)
		services = append(services, service)
		c.write("deploy/"+service+"/deployment.yaml", fmt.Sprintf(tinyDeployment, service))
		c.write("config/"+service+"/name.txt", service+"\n")
	}
	c.write("skycap.yaml", settingsOf(c, services...))
	c.hg("commit", "--quiet", "--addremove", "--message=ten services")
	example := c.hg("log", "--repository="+shared.repository, "--rev=main", "--template={node}")
	push(t, pull(t, image(example)), image(c.node(".")))
	return c
}

// countPrograms puts wrappers before the programs that skycap could start, and
// returns what reads how often each was.
func (c *checkout) countPrograms() func() []string {
	c.t.Helper()
	folder := c.t.TempDir()
	log := filepath.Join(folder, "log")
	for _, name := range []string{"kubectl", "hg", "sh", "git", "ssh"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue // it can't be started either
		}
		script := fmt.Sprintf("#!/bin/sh\necho \"%s $*\" >>'%s'\nexec '%s' \"$@\"\n", name, log, path)
		require.NoError(c.t, os.WriteFile(filepath.Join(folder, name), []byte(script), 0o755))
	}
	c.env = append(c.env, "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func() []string {
		content, err := os.ReadFile(log)
		require.NoError(c.t, err)
		return strings.Split(strings.TrimSpace(string(content)), "\n")
	}
}

func TestProgramsStartedDoNotGrowWithServices(t *testing.T) {
	t.Parallel()
	one, ten := newCheckout(t), tenServices(t)
	ofOne, ofTen := one.countPrograms(), ten.countPrograms()
	one.deploy("main", "staging")
	assert.Len(t, ten.deploy("tip", "staging").Services, 10)
	assert.LessOrEqual(t, len(ofOne()), 8, "%q", ofOne())
	assert.Len(t, ofTen(), len(ofOne()), "%q", ofTen())
	assert.Len(t, ten.configMaps(), 10)
}
