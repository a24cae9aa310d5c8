package noisy

import (
	"bufio"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// echo is an API server that tells what it was asked; it knows one group.
func echo(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/apis" {
		fmt.Fprintf(w, `{"kind": "APIGroupList", "asked": %q, "groups": [{"name": "apps"}]}`, r.Header.Get("Accept")+r.Header.Get("Accept-Encoding")) //nolint:errcheck // a test's
		return
	}
	fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.RequestURI(), r.Header.Get("Authorization")) //nolint:errcheck // a test's
}

// proxyTo is the proxy with a handler as the API server behind it.
func proxyTo(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	dir, s := state.Dir(t.TempDir()), state.Settings{}
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscan(address.Port(), &port); err != nil {
		t.Fatal(err)
	}
	s.Ports = map[string]int{"kube-apiserver": port}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := state.WriteFile(dir.Cluster("ca.crt"), authority, 0o600); err != nil {
		t.Fatal(err)
	}
	proxy, err := open(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	return front.URL
}

func ask(t *testing.T, method, address string) (status int, body io.Reader) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json")
	request.Header.Set("Authorization", "Bearer x")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() }) //nolint:errcheck // read only
	return response.StatusCode, response.Body
}

func TestAnswers(t *testing.T) {
	address := proxyTo(t, echo)
	for name, test := range map[string]struct {
		method, path string
		status       int
		has          string
	}{
		"an object, as it is asked for":        {"PATCH", "/api/v1/namespaces/n/pods/a?x=1&y=%2F", 200, "PATCH /api/v1/namespaces/n/pods/a?x=1&y=%2F Bearer x"},
		"a path of a service":                  {"GET", "/api/v1/namespaces/n/services/web:80/proxy//a/../b%2Fc", 200, "proxy//a/../b%2Fc Bearer x"},
		"a group of the server's":              {"GET", "/apis/apps/v1", 200, "GET /apis/apps/v1"},
		"the aggregated API that is down":      {"GET", "/apis/metrics.k8s.io/v1beta1", 503, "service unavailable"},
		"an object of it":                      {"GET", "/apis/metrics.k8s.io/v1beta1/namespaces/n/pods", 503, "service unavailable"},
		"the aggregated API that is forbidden": {"GET", "/apis/custom.metrics.k8s.io/v1beta1", 403, `cannot get path \"/apis/custom.metrics.k8s.io/v1beta1\"`},
		"a group that nobody uses":             {"GET", "/apis/team7.example.com/v1beta1", 200, `"groupVersion":"team7.example.com/v1beta1"`},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := ask(t, test.method, address+test.path)
			text, err := io.ReadAll(body)
			if err != nil || status != test.status || !strings.Contains(string(text), test.has) {
				t.Errorf("got %d %q, %v; want %d and %q", status, text, err, test.status, test.has)
			}
		})
	}
}

func TestGroupsAreListedOneByOne(t *testing.T) {
	var list struct {
		Asked  string
		Groups []struct {
			Name     string
			Versions []struct{ GroupVersion string }
		}
	}
	_, body := ask(t, "GET", proxyTo(t, echo)+"/apis")
	if err := json.NewDecoder(body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	if list.Asked != "application/json" {
		t.Errorf("the server was asked for %q", list.Asked)
	}
	var names []string
	count := 0
	for _, group := range list.Groups {
		names, count = append(names, group.Name), count+len(group.Versions)
	}
	if got := strings.Join(names[:4], " "); got != "apps metrics.k8s.io custom.metrics.k8s.io team0.example.com" {
		t.Errorf("the first groups are %s", got)
	}
	if burst, rate := 300, 50; count <= burst+rate {
		t.Errorf("%d versions of groups: too few for kubectl to wait for more than a second", count)
	}
}

// What a watch tells comes when it is told.
func TestWatchesAreNotKeptBack(t *testing.T) {
	heard := make(chan struct{})
	address := proxyTo(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "first") //nolint:errcheck // a test's
		w.(http.Flusher).Flush()
		<-heard
		fmt.Fprintln(w, "second") //nolint:errcheck // a test's
	})
	_, body := ask(t, "GET", address+"/api/v1/pods?watch=true")
	lines := bufio.NewScanner(body)
	if !lines.Scan() || lines.Text() != "first" {
		t.Errorf("heard %q, %v", lines.Text(), lines.Err())
	}
	close(heard)
	if !lines.Scan() || lines.Text() != "second" {
		t.Errorf("heard %q, %v", lines.Text(), lines.Err())
	}
}

// exec, attach and port-forward turn the connection into one of their own.
func TestConnectionsAreUpgraded(t *testing.T) {
	address := proxyTo(t, func(w http.ResponseWriter, r *http.Request) {
		connection, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()                                                                                                       //nolint:errcheck // a test's
		fmt.Fprintf(buffer, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", r.Header.Get("Upgrade")) //nolint:errcheck // a test's
		buffer.Flush()                                                                                                                 //nolint:errcheck // a test's
		line, _ := buffer.ReadString('\n')
		fmt.Fprint(connection, "heard "+line) //nolint:errcheck // a test's
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/api/v1/namespaces/n/pods/a/exec", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "SPDY/3.1")
	response, err := http.DefaultClient.Do(request) //nolint:bodyclose // the stream is closed
	if err != nil {
		t.Fatal(err)
	}
	stream, isStream := response.Body.(io.ReadWriteCloser)
	if !isStream || response.Header.Get("Upgrade") != "SPDY/3.1" {
		t.Fatalf("got %s %v", response.Status, response.Header)
	}
	defer stream.Close()             //nolint:errcheck // a test's
	fmt.Fprintln(stream, "a stream") //nolint:errcheck // a test's
	if line, err := bufio.NewReader(stream).ReadString('\n'); line != "heard a stream\n" {
		t.Errorf("got %q, %v", line, err)
	}
}

func TestCredential(t *testing.T) {
	var stdout, stderr strings.Builder
	if err := Credential(&stdout, &stderr, "secret"); err != nil {
		t.Fatal(err)
	}
	if want := `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"secret"}}` + "\n"; stdout.String() != want {
		t.Errorf("got %q, want %q", stdout.String(), want)
	}
	if strings.Count(stderr.String(), "\n") != 3 || strings.Contains(stderr.String(), "secret") {
		t.Errorf("it chatters %q", stderr.String())
	}
}
