package endtoend

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// How long every tool may wait for a release, and for the one before it.
const (
	timeout       = "90s"
	formerTimeout = "30s"
)

// byKubectl deploys the specimen by kubectl apply and kubectl rollout status.
func (c *cage) byKubectl() answer {
	c.t.Helper()
	workload := c.workload
	if workload == "" {
		workload = "deployment/web"
	}
	return c.byPeer(func(file, timeout string) [][]string {
		kubectl := []string{"kubectl", "--context=skycap-lab", "--namespace=" + c.namespace}
		return [][]string{
			slices.Concat(kubectl, []string{"apply", "--filename=" + file}),
			slices.Concat(kubectl, []string{"rollout", "status", workload, "--timeout=" + timeout}),
		}
	})
}

// byHelm deploys the specimen as a chart.
func (c *cage) byHelm() answer {
	c.t.Helper()
	return c.byPeer(func(file, timeout string) [][]string {
		chart := filepath.Dir(filepath.Dir(file))
		write(c.t, chart, "Chart.yaml", "{apiVersion: v2, name: web, version: 1.0.0}\n")
		return [][]string{{"helm", "--kube-context=skycap-lab", "--namespace=" + c.namespace,
			"upgrade", "--install", "web", chart, "--wait", "--timeout=" + timeout}}
	})
}

// byPeer runs the commands that deploy a file, for the former release as well.
func (c *cage) byPeer(commands func(file, timeout string) [][]string) answer {
	c.t.Helper()
	file := filepath.Join(c.t.TempDir(), "templates", "all.yaml")
	deploy := func(manifests, timeout string, during func(*cage)) answer {
		tag := ":absent"
		if c.image != nil {
			tag = ":built"
			push(c.t, c.image, c.repository+tag)
		}
		write(c.t, filepath.Dir(file), filepath.Base(file), c.fill(manifests, tag))
		return c.run(commands(file, timeout), during)
	}
	if c.before != "" {
		deploy(c.before, formerTimeout, nil)
	}
	return deploy(c.manifests, timeout, c.during)
}

// run runs commands up to the first that fails.
func (c *cage) run(commands [][]string, during func(*cage)) answer {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Minute)
	defer cancel()
	start := time.Now()
	said := answer{ok: true}
	for i, args := range commands {
		var out bytes.Buffer
		program := exec.CommandContext(ctx, args[0], args[1:]...)
		program.Stdout, program.Stderr = &out, &out
		require.NoError(c.t, program.Start(), args[0])
		if i == len(commands)-1 && during != nil {
			during(c)
		}
		err := program.Wait()
		var failed *exec.ExitError
		require.True(c.t, err == nil || errors.As(err, &failed), "%v", err)
		said.whole += out.String()
		said.text, said.ok = lastWords(out.String()), err == nil
		if !said.ok {
			break
		}
	}
	said.seconds = time.Since(start).Seconds()
	return said
}

// lastWords are the last line, or all from helm's error on, or helm's status.
func lastWords(output string) string {
	output = strings.TrimSpace(output)
	if at := strings.LastIndex(output, "Error: "); at >= 0 {
		return output[at:]
	}
	if _, status, is := strings.Cut(output, "\nSTATUS: "); is {
		output, _, _ = strings.Cut(status, "\n")
	}
	return output[strings.LastIndex(output, "\n")+1:]
}
