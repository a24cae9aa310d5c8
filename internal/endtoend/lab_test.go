// Package endtoend holds no code: its tests run the built skycap against the lab,
// with its real cluster, registry and repository. Each test works in namespaces and
// in a clone of its own.
package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// How long to wait for what must come by itself, and how often to look.
const (
	patience = 10 * time.Second
	pause    = 100 * time.Millisecond
)

// lab is what all tests share. It is empty where no lab is up.
type lab struct {
	binary     string // skycap
	registry   string
	repository string
	kubeconfig string
	noisy      string // a kubeconfig with which kubectl complains of much
	state      string
}

var shared lab

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// runTests builds skycap, where there is a lab to run it against, and runs the tests
// while it is on the watch for the canary.
func runTests(m *testing.M) (int, error) {
	if os.Getenv("SKYCAP_LAB_STATE") == "" || os.Getenv("KUBECONFIG") == "" {
		return m.Run(), nil
	}
	folder, err := os.MkdirTemp("", "skycap-endtoend-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // only a temporary folder
	shared = lab{
		binary: filepath.Join(folder, "skycap"), state: os.Getenv("SKYCAP_LAB_STATE"),
		registry: os.Getenv("SKYCAP_LAB_REGISTRY"), repository: os.Getenv("SKYCAP_LAB_REPO"),
		kubeconfig: os.Getenv("KUBECONFIG"), noisy: os.Getenv("SKYCAP_LAB_NOISY_KUBECONFIG"),
	}
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", shared.binary, "../../cmd/skycap").CombinedOutput()
	if err != nil {
		return 1, fmt.Errorf("go build: %w\n%s", err, out)
	}
	// The tests wait for pods more than they compute. The command line may say otherwise.
	if err := flag.Set("test.parallel", "6"); err != nil {
		return 1, err
	}
	watch := watchForCanary()
	code := m.Run()
	return code, watch.end()
}

// needLab skips the test where no lab is up, and fails it where one must be.
func needLab(t *testing.T) {
	t.Helper()
	if shared.binary != "" {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("the lab is not up: SKYCAP_LAB_STATE and KUBECONFIG must be set, as skycap-lab env does")
	}
	t.Skip(`needs the lab: skycap-lab up, then eval "$(skycap-lab env)"`)
}

// command runs a program that must succeed, and returns its stdout.
func command(t *testing.T, folder string, env []string, name string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	program := exec.CommandContext(context.Background(), name, args...) // cleanups run after the test's context
	program.Dir, program.Env = folder, append(os.Environ(), env...)
	program.Stdout, program.Stderr = &stdout, &stderr
	require.NoError(t, program.Run(), "%s %s: %s", name, strings.Join(args, " "), &stderr)
	return strings.TrimSpace(stdout.String())
}

// kubectl runs kubectl as the lab's administrator.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return command(t, "", nil, "kubectl", append([]string{"--context=skycap-lab"}, args...)...)
}

// newNamespace makes a namespace that goes with the test.
func newNamespace(t *testing.T) string { t.Helper(); return namespaceCalled(t, "e2e-") }

// namespaceCalled makes a namespace whose name begins so, and that goes with the test.
func namespaceCalled(t *testing.T, prefix string) string {
	t.Helper()
	made := kubectl(t, "create", "--output=name", "--filename="+write(t, t.TempDir(), "namespace.yaml",
		"{apiVersion: v1, kind: Namespace, metadata: {generateName: "+prefix+"}}\n"))
	name := strings.TrimPrefix(made, "namespace/")
	t.Cleanup(func() { kubectl(t, "delete", "namespace", name, "--wait=false") })
	return name
}

// object reads one object of a namespace.
func object[T any](t *testing.T, namespace, kind, name string) T {
	t.Helper()
	var found T
	text := kubectl(t, "--namespace="+namespace, "get", kind, name, "--output=json")
	require.NoError(t, json.Unmarshal([]byte(text), &found))
	return found
}

// list reads all objects of a kind in a namespace.
func list[T any](t *testing.T, namespace, kind string) []T {
	t.Helper()
	var found struct{ Items []T }
	text := kubectl(t, "--namespace="+namespace, "get", kind, "--output=json")
	require.NoError(t, json.Unmarshal([]byte(text), &found))
	return found.Items
}

// contents names every object that somebody could have put into a namespace, each
// with its version: equal contents prove that nothing was touched.
func contents(t *testing.T, namespace string) []string {
	t.Helper()
	text := kubectl(t, "--namespace="+namespace, "get", "deployments,services,configmaps,secrets,leases,ingresses,jobs,networkpolicies",
		`--output=jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{"\n"}{end}`)
	var found []string
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "kube-root-ca.crt") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// write writes a file below a folder and returns its path.
func write(t *testing.T, folder, name, content string) string {
	t.Helper()
	file := filepath.Join(folder, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	return file
}
