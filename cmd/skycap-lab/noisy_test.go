package main_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/cluster"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/noisy"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// What kubectl says of the proxy and of the plugin, in the spellings of its versions.
var complaints = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^W.* gcp\.go:\d+\] WARNING: the gcp auth plugin is deprecated`),
	regexp.MustCompile(`(?m)^Kubeconfig user entry is using deprecated API version`),
	regexp.MustCompile(`(?im)^E.* memcache\.go:\d+\] .*couldn't get resource list.*[ "]metrics\.k8s\.io/v1beta1`),
	regexp.MustCompile(`(?im)^E.* memcache\.go:\d+\] .*couldn't get resource list.*[ "]custom\.metrics\.k8s\.io/v1beta1`),
	regexp.MustCompile(`(?m)^I.* request\.go:\d+\] .*client-side throttling`),
}

// Real kubectl complains of all there is to complain of, and does its work: with the
// credentials of the plugin, through a proxy that was killed and started again.
func TestKubectlComplainsThroughTheProxy(t *testing.T) {
	l := newLab(t)
	program := kubectlProgram(t)
	s := l.noisyLab()
	host := process.Host{StateDir: string(l.dir), Log: l.dir.Log}
	for range 2 {
		if started, err := host.Ensure(t.Context(), noisy.Daemon(l.dir, s)); err != nil || !started {
			t.Fatalf("the proxy: started %v, %v", started, err)
		}
		if out, _ := l.try("status"); !regexp.MustCompile(noisy.Component + ` +healthy`).MatchString(out) {
			t.Errorf("status says\n%s", out)
		}
		said := l.getPods(program, cluster.NoisyKubeconfig(l.dir))
		for _, complaint := range complaints {
			if !complaint.MatchString(said) {
				t.Errorf("kubectl doesn't say %q:\n%s", complaint, said)
			}
		}
		l.killDaemons()
	}
	if said := l.getPods(program, l.dir.Kubeconfig()); said != "" {
		t.Errorf("without the proxy kubectl says:\n%s", said)
	}
}

// kubectlProgram is the lab's, where it has been built, or else people's own.
func kubectlProgram(t *testing.T) string {
	t.Helper()
	for _, name := range []string{filepath.Join(os.Getenv("SKYCAP_LAB_TOOLS"), "kubectl"), "kubectl"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("CI runs this test: it needs kubectl")
	}
	t.Skip("needs kubectl")
	return ""
}

// noisyLab has all that the proxy needs of a lab, and little more.
func (l testLab) noisyLab() state.Settings {
	l.t.Helper()
	s, err := l.dir.Settle(state.Settings{Nodes: state.Simulated}, []string{"kube-apiserver", noisy.Component})
	if err != nil {
		l.t.Fatal(err)
	}
	if err := cluster.Prepare(l.dir, s); err != nil {
		l.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(l.dir.Self()), 0o700); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Symlink(l.program, l.dir.Self()); err != nil {
		l.t.Fatal(err)
	}
	token, err := cluster.Token(l.dir, "admin")
	if err != nil {
		l.t.Fatal(err)
	}
	l.serve(s.Address("kube-apiserver"), apiServerOfOnePod(token))
	return s
}

// serve serves a handler as the API server.
func (l testLab) serve(address string, handler http.Handler) {
	l.t.Helper()
	certificate, err := tls.LoadX509KeyPair(l.dir.Cluster("apiserver.crt"), l.dir.Cluster("apiserver.key"))
	if err != nil {
		l.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close() //nolint:errcheck // it is replaced
	if server.Listener, err = new(net.ListenConfig).Listen(l.t.Context(), "tcp", address); err != nil {
		l.t.Fatal(err)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	l.t.Cleanup(server.Close)
}

// apiServerOfOnePod shows a pod to who has the token.
func apiServerOfOnePod(token string) http.Handler {
	documents := map[string]string{
		"/readyz":  "ok",
		"/version": `{"major": "1", "minor": "35", "gitVersion": "v1.35.0"}`,
		"/api":     `{"kind": "APIVersions", "versions": ["v1"]}`,
		"/apis":    `{"kind": "APIGroupList", "apiVersion": "v1", "groups": []}`,
		"/api/v1": `{"kind": "APIResourceList", "groupVersion": "v1", "resources": [
			{"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": ["get", "list"]}]}`,
		"/api/v1/namespaces/default/pods": `{"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "web-1"}}]}`,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, isThere := documents[r.URL.Path]
		switch {
		case !isThere:
			http.NotFound(w, r)
		case r.URL.Path != "/readyz" && r.Header.Get("Authorization") != "Bearer "+token:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(document)) //nolint:errcheck // the client has gone
		}
	})
}

// getPods must find the pod, and returns what kubectl says on stderr.
func (l testLab) getPods(program, kubeconfig string) string {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--kubeconfig="+kubeconfig, "--cache-dir="+l.t.TempDir(), "get", "pods", "--output=name")
	cmd.Env = append(os.Environ(), "KUBECTL_KUBERC=false")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || strings.TrimSpace(string(out)) != "pod/web-1" {
		l.t.Fatalf("kubectl finds %q, %v\n%s", out, err, &stderr)
	}
	return stderr.String()
}
