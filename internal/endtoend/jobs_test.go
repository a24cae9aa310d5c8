package endtoend

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

// taskLayer builds the program of the jobs, as a layer of an image.
func taskLayer(t *testing.T) v1.Layer {
	t.Helper()
	program := filepath.Join(t.TempDir(), "task")
	command(t, "", []string{"CGO_ENABLED=0"}, "go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", program, "./task")
	content, err := os.ReadFile(program)
	require.NoError(t, err)
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	require.NoError(t, writer.WriteHeader(&tar.Header{Name: "task", Mode: 0o755, Size: int64(len(content))}))
	_, err = writer.Write(content)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil })
	require.NoError(t, err)
	return layer
}

// taskImage pushes an image of the jobs' program and returns the reference.
func taskImage(t *testing.T) string {
	t.Helper()
	needLab(t)
	made, err := mutate.AppendLayers(empty.Image, taskLayer(t))
	require.NoError(t, err)
	file, err := made.ConfigFile()
	require.NoError(t, err)
	file = file.DeepCopy()
	example, err := pull(t, image(command(t, "", nil, "hg", "log", "--repository="+shared.repository, "--rev=main", "--template={node}"))).ConfigFile()
	require.NoError(t, err)
	file.OS, file.Architecture, file.Config.Entrypoint = "linux", example.Architecture, []string{"/task"}
	made, err = mutate.ConfigFile(made, file)
	require.NoError(t, err)
	repository := shared.registry + "/endtoend/task"
	push(t, made, repository+":latest")
	hash, err := made.Digest()
	require.NoError(t, err)
	return repository + "@" + hash.String()
}

// writeJob writes the manifest of a job that a deploy runs, with more annotations.
func (c *checkout) writeJob(name, phase, image string, code int, words, annotations string) {
	c.t.Helper()
	c.write("deploy/web/"+name+".yaml", fmt.Sprintf(`apiVersion: batch/v1
kind: Job
metadata: {name: %s, annotations: {skycap.dev/run: %s%s}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers:
        - {name: task, image: %q, args: ["%d", %s]}
`, name, phase, annotations, image, code, words))
}

func (c *checkout) jobs() []string { c.t.Helper(); return c.names("jobs") }

// logOf is what an outcome's log events say of a job.
func (c *checkout) logOf(o outcome, job string) (lines []string) {
	c.t.Helper()
	for _, event := range c.events(o) {
		if line, ok := strings.CutPrefix(event.Message, job+": "); ok && event.Type == skycap.EventLog {
			assert.Equal(c.t, "web", event.Service)
			lines = append(lines, line)
		}
	}
	return lines
}

func TestJobsRunOnceBeforeAndAfterARelease(t *testing.T) {
	t.Parallel()
	task := taskImage(t)
	c := newSmall(t)
	c.writeJob("migrate", "pre-deploy", task, 0, `"adding a column", "done"`, "")
	c.writeJob("warm", "post-deploy", task, 0, `"warming up"`, "")
	first := c.revise()
	o := c.skycap("deploy", first, "staging", "--timeout=60s", "-o", "json")
	require.Zero(t, o.code, o.stderr)
	assert.Equal(t, []string{"adding a column", "done"}, c.logOf(o, "migrate-r1"))
	assert.Equal(t, []string{"warming up"}, c.logOf(o, "warm-r1"))
	assert.ElementsMatch(t, []string{"Job/migrate-r1", "Job/warm-r1"}, c.jobs())

	migrated, warmed := object[batchv1.Job](t, c.staging, "job", "migrate-r1"), object[batchv1.Job](t, c.staging, "job", "warm-r1")
	deployment := c.deployment()
	assert.False(t, migrated.Status.CompletionTime.After(deployment.CreationTimestamp.Time), "before anything rolls")
	assert.False(t, warmed.CreationTimestamp.Before(&deployment.CreationTimestamp))
	status := c.status("staging")
	assert.Equal(t, skycap.StateHealthy, status.State, status.Message)
	assert.Len(t, status.Instances, 1, "a job is no instance")

	assert.False(t, c.deploy(first, "staging").Changed)
	assert.Equal(t, migrated.UID, object[batchv1.Job](t, c.staging, "job", "migrate-r1").UID)
	assert.Len(t, c.history("staging"), 1)

	c.writeJob("always", "pre-deploy", task, 0, `"checking"`, ", skycap.dev/on-rollback: run")
	c.write(webText, "second\n")
	second := c.revise()
	plan := c.plan(second)
	var runs []string
	for _, change := range plan.Changes {
		if change.Action == "run" {
			runs = append(runs, change.Name)
		}
	}
	assert.ElementsMatch(t, []string{"migrate", "warm", "always"}, runs)
	c.deploy(second, "staging")
	assert.ElementsMatch(t, []string{"Job/migrate-r2", "Job/warm-r2", "Job/always-r2"}, c.jobs(), "those of former releases go")
}

func TestRollbackRunsOnlyJobsThatSaySo(t *testing.T) {
	t.Parallel()
	task := taskImage(t)
	c := newSmall(t)
	c.writeJob("migrate", "pre-deploy", task, 0, `"adding a column"`, "")
	c.writeJob("check", "pre-deploy", task, 0, `"checking"`, ", skycap.dev/on-rollback: run")
	c.deploy(c.revise(), "staging")
	c.deploy(c.reviseText("second"), "staging")
	o := c.bare().skycap("rollback", "staging", "--timeout=60s", "-o", "json")
	require.Zero(t, o.code, o.stderr)
	assert.Equal(t, []string{"checking"}, c.logOf(o, "check-r3"))
	assert.Equal(t, []string{"Job/check-r3"}, c.jobs())
}

func TestFailedJobStopsTheDeploy(t *testing.T) {
	t.Parallel()
	task := taskImage(t)
	c := newSmall(t)
	c.deploy(".", "staging")
	before := c.deployment()
	c.writeJob("migrate", "pre-deploy", task, 7, `"adding a column", "no such table: orders"`, "")
	c.write(webText, "second\n")
	broken := c.revise()

	o := c.fails(3, []string{"deploy", broken, "staging", "--timeout=30s", "-o", "json"},
		[]string{`pre-deploy job "migrate-r2" of service "web" failed`, "7"}, []string{"skycap rollback staging"})
	result := c.result(o)
	assert.Equal(t, skycap.ResultUnhealthy, result.Word)
	assert.True(t, result.Changed)
	require.Len(t, result.Services, 1)
	service := result.Services[0]
	assert.Contains(t, service.Cause, "migrate-r2")
	assert.Contains(t, service.Cause, "7", "the exit code")
	assert.Equal(t, skycap.GradeFatal, service.Grade)
	assert.NotEmpty(t, service.Hint)
	assert.Contains(t, strings.Join(service.Evidence, "\n"), "no such table: orders")
	assert.Equal(t, before.ResourceVersion, c.deployment().ResourceVersion, "the Deployment is as it was")
	status := c.status("staging")
	assert.Equal(t, skycap.StateHealthy, status.State, "what ran before runs still")
	assert.Len(t, status.Instances, 1)
	assert.Equal(t, skycap.ResultUnhealthy, c.history("staging")[0].Result)
	assert.Equal(t, []string{"Job/migrate-r2"}, c.jobs(), "it stays to be looked at")

	c.writeJob("migrate", "pre-deploy", task, 0, `"done"`, "")
	c.deploy(c.revise(), "staging")
	assert.Equal(t, []string{"Job/migrate-r3"}, c.jobs())
}

// A failed job is not forgotten though all objects are as they should be.
func TestFailedJobRunsAgainWithTheNextDeployOfTheSame(t *testing.T) {
	t.Parallel()
	task := taskImage(t)
	c := newSmall(t)
	c.writeJob("warm", "post-deploy", task, 3, `"nothing answers"`, "")
	node := c.revise()
	says := []string{`post-deploy job "warm-r`, "3"}
	c.fails(3, []string{"deploy", node, "staging", "--timeout=30s", "-o", "json"}, says, nil)
	assert.NotEmpty(t, c.pods(c.staging), "it runs after the pods")
	c.fails(3, []string{"deploy", node, "staging", "--timeout=30s", "-o", "json"}, says, nil)
	assert.Equal(t, skycap.ResultUnhealthy, c.history("staging")[0].Result)
}

func TestJobThatHangsIsNamed(t *testing.T) {
	t.Parallel()
	task := taskImage(t)
	c := newSmall(t)
	c.writeJob("migrate", "pre-deploy", task, -1, `"waiting for a lock"`, "")
	o := c.fails(3, []string{"deploy", c.revise(), "staging", "--timeout=12s", "-o", "json"},
		[]string{`pre-deploy job "migrate-r1" of service "web"`}, []string{"skycap rollback staging"})
	service := c.result(o).Services[0]
	assert.Contains(t, service.Cause, "migrate-r1")
	assert.Contains(t, strings.Join(service.Evidence, "\n"), "waiting for a lock")
	assert.Empty(t, c.names("deployments"), "nothing but the job was begun")
}
