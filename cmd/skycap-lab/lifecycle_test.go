package main_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// The whole life of a lab with a real node: brought up in spite of being killed at
// several moments, back after all of its daemons died, and gone without a trace.
func TestLifecycle(t *testing.T) {
	needRoot(t)
	l := newLab(t)
	for _, after := range []time.Duration{50 * time.Millisecond, time.Second, 3 * time.Second, 5 * time.Second} {
		l.upKilled(after)
	}
	l.run("up")
	l.run("status")
	l.deploy()

	l.killDaemons()
	if out, err := l.try("status"); err == nil {
		t.Errorf("status is fine although all daemons are dead:\n%s", out)
	}
	l.run("up")
	l.waitForPods()

	l.run("down")
	if out := l.run("down"); !strings.Contains(out, "was not up") {
		t.Errorf("a second down says %q", out)
	}
	l.run("up")
	l.run("down", "--purge")
	l.wantNoTrace()
}

// needRoot skips where there can't be a real node; CI must have what it takes.
func needRoot(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "linux" && os.Geteuid() == 0 && !testing.Short() {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("CI runs this test: it needs root on Linux and no -short")
	}
	t.Skip("needs root on Linux: it runs a kubelet with containerd; -short leaves it out")
}

// testLab drives a lab of its own through the program that people use.
type testLab struct {
	t       *testing.T
	program string
	dir     state.Dir
}

// newLab builds the program. The cluster's programs come from $SKYCAP_LAB_TOOLS or
// the default lab, where they have been built there already.
func newLab(t *testing.T) testLab {
	t.Helper()
	dir, err := os.MkdirTemp("", "lab") // t.TempDir would be too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	l := testLab{t: t, program: filepath.Join(t.TempDir(), "skycap-lab"), dir: state.Dir(dir)}
	t.Cleanup(func() {
		if out, err := l.try("down", "--purge"); err != nil {
			t.Errorf("cleaning up: %v\n%s", err, out)
		}
	})
	build := process.Command{Argv: []string{"go", "build", "-o", l.program, "."}, Timeout: 5 * time.Minute}
	if _, err := build.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("SKYCAP_LAB_TOOLS") == "" {
		usual, err := state.Open("", func(name string) string {
			return map[string]string{"HOME": os.Getenv("HOME")}[name]
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("SKYCAP_LAB_TOOLS", usual.Path("bin"))
	}
	return l
}

func (l testLab) command(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, l.program, append(args, "--state="+string(l.dir))...)
}

func (l testLab) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	out, err := l.command(ctx, args...).CombinedOutput()
	return string(out), err
}

func (l testLab) run(args ...string) string {
	l.t.Helper()
	start := time.Now()
	out, err := l.try(args...)
	if err != nil {
		l.t.Fatalf("skycap-lab %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	l.t.Logf("skycap-lab %s: %.1f s", strings.Join(args, " "), time.Since(start).Seconds())
	return out
}

// upKilled starts up and kills it after a while. What it started goes on.
func (l testLab) upKilled(after time.Duration, more ...string) {
	l.t.Helper()
	cmd := l.command(l.t.Context(), append([]string{"up"}, more...)...)
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	time.Sleep(after)
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		l.t.Fatal(err)
	}
	cmd.Wait() //nolint:errcheck // it was killed
	steps := strings.Split(strings.TrimSpace(out.String()), "\n")
	l.t.Logf("up killed after %s, past %q", after, strings.TrimSpace(steps[len(steps)-1]))
}

// killDaemons leaves the containers and their shims alone, as a crash would.
func (l testLab) killDaemons() {
	l.t.Helper()
	table, err := process.Scan(string(l.dir))
	if err != nil {
		l.t.Fatal(err)
	}
	for _, p := range table {
		if p.Leader {
			if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
				l.t.Fatal(err)
			}
		}
	}
}

func (l testLab) kubectl(stdin string, args ...string) (string, error) {
	out, err := process.Command{
		Argv:  append([]string{l.dir.Bin("kubectl"), "--kubeconfig=" + l.dir.Kubeconfig(), "--cache-dir=" + l.dir.Cluster("kubectl"), "--namespace=storefront-staging"}, args...),
		Stdin: strings.NewReader(stdin),
	}.Run(l.t.Context())
	return string(out), err
}

// deploy runs the example's newest image.
func (l testLab) deploy() {
	l.t.Helper()
	settings, err := l.dir.Load()
	if err != nil {
		l.t.Fatal(err)
	}
	tip, err := process.Command{Argv: []string{"hg", "--repository=" + l.dir.Repository(), "log", "--rev=tip", "--template={node|short}"}}.Run(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	manifest, err := os.ReadFile(filepath.Join(l.dir.Repository(), "deploy", "web", "deployment.yaml"))
	if err != nil {
		l.t.Fatal(err)
	}
	image := "image: " + settings.Registry() + "/storefront/web:" + string(tip)
	if _, err := l.kubectl(strings.Replace(string(manifest), "image: web", image, 1), "apply", "--filename=-"); err != nil {
		l.t.Fatal(err)
	}
	l.waitForPods()
}

// waitForPods waits until both pods answer with their revision. Their containers must
// be those of now: what the cluster remembers from before a crash answers nothing.
func (l testLab) waitForPods() {
	l.t.Helper()
	const pods = 2
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		addresses, err := l.kubectl("", "get", "pods", "--output=jsonpath={.items[*].status.podIP}")
		if err != nil {
			l.t.Fatal(err)
		}
		answers := 0
		for _, address := range strings.Fields(addresses) {
			if strings.HasPrefix(l.get("http://"+address+":8080/"), "revision: ") {
				answers++
			}
		}
		if answers == pods {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	out, _ := l.kubectl("", "describe", "pods")
	l.t.Fatalf("the pods don't answer:\n%s", out)
}

func (l testLab) get(url string) string {
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer response.Body.Close() //nolint:errcheck // read only
	body, _ := io.ReadAll(response.Body)
	return string(body)
}

// wantNoTrace looks in all places where the lab had something.
func (l testLab) wantNoTrace() {
	l.t.Helper()
	if table, err := process.Scan(string(l.dir)); err != nil || len(table) > 0 {
		l.t.Errorf("processes are left: %v %v", table, err)
	}
	if l.dir.Exists() {
		l.t.Errorf("%q is left", l.dir)
	}
	for pattern, what := range map[string]string{
		"/sys/class/net/skycap" + l.dir.ID():              "bridge",
		"/sys/class/net/skyhost" + l.dir.ID():             "bridge",
		"/sys/class/net/vb-" + l.dir.ID() + "*":           "host's interface",
		"/sys/fs/cgroup/*/skycap-lab-" + l.dir.ID() + "*": "cgroup",
		"/sys/fs/cgroup/skycap-lab-" + l.dir.ID() + "*":   "cgroup",
		"/var/lib/cni/results/skycap" + l.dir.ID() + "*":  "network",
	} {
		if found, err := filepath.Glob(pattern); err != nil || len(found) > 0 {
			l.t.Errorf("a %s is left: %q %v", what, found, err)
		}
	}
	tables, err := filepath.Glob("/proc/[0-9]*/mountinfo")
	if err != nil {
		l.t.Fatal(err)
	}
	for _, table := range tables { // of all namespaces: a node has one of its own
		if mounts, err := os.ReadFile(table); err == nil && bytes.Contains(mounts, []byte(l.dir)) {
			l.t.Errorf("a mount is left in %q", table)
		}
	}
}
