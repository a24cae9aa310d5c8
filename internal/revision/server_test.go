package revision

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/ssh/sshtest"
)

// served is a repository as others reach it.
type served struct {
	url    string
	runner run.Runner // with what reaching for it needs
}

// serve offers a checkout over a protocol. By http only ann comes in, with the password
// s3cret; by ssh whoever runs the test.
func serve(t *testing.T, c checkout, protocol string) served {
	t.Helper()
	switch protocol {
	case "file":
		return served{"file://" + c.dir, run.Local{}}
	case "http":
		front := httptest.NewServer(locked(website(t, c)))
		t.Cleanup(front.Close)
		return served{strings.Replace(front.URL, "http://", "http://ann:s3cret@", 1) + "/repository", run.Local{}}
	}
	config := sshtest.Config(t, sshtest.Alias{Name: "vcs", Server: sshtest.Start(t)})
	hgrc := filepath.Join(t.TempDir(), "hgrc")
	require.NoError(t, os.WriteFile(hgrc, []byte("[ui]\nssh = ssh -F "+config+"\n"), 0o600))
	return served{"ssh://vcs/" + c.dir, run.Func(func(ctx context.Context, command run.Command) error {
		command.Env = append(command.Env, "GIT_SSH_COMMAND=ssh -F "+config, "HGRCPATH="+hgrc)
		return run.Local{}.Run(ctx, command)
	})}
}

// website is a repository by http, as hg and git themselves offer it.
func website(t *testing.T, c checkout) http.Handler {
	t.Helper()
	if c.kind == Git {
		git, err := exec.LookPath("git")
		require.NoError(t, err)
		return http.StripPrefix("/repository", &cgi.Handler{
			Path: git, Args: []string{"http-backend"}, Root: "",
			Env: []string{"GIT_PROJECT_ROOT=" + filepath.Join(c.dir, ".git"), "GIT_HTTP_EXPORT_ALL=1"}, InheritEnv: []string{"PATH"},
		})
	}
	command := exec.CommandContext(t.Context(), "hg", "--cwd", c.dir, "serve", "--address=127.0.0.1", "--port=0", "--prefix=repository")
	command.Env = append(os.Environ(), "HGPLAIN=1")
	output, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	port := regexp.MustCompile(`bound to 127\.0\.0\.1:(\d+)`).FindStringSubmatch(line)
	require.NotNil(t, port, line)
	return httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "127.0.0.1:" + port[1]})
}

// locked lets ann in.
func locked(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, password, _ := r.BasicAuth(); name != "ann" || password != "s3cret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		site.ServeHTTP(w, r)
	})
}

// counting counts what is started, and keeps all that could be seen of it.
type counting struct {
	run.Runner
	mutex sync.Mutex
	seen  []string
}

func (c *counting) Run(ctx context.Context, command run.Command) error {
	c.mutex.Lock()
	c.seen = append(c.seen, fmt.Sprint(command))
	c.mutex.Unlock()
	return c.Runner.Run(ctx, command)
}

// started is what was started until now.
func (c *counting) started() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return slices.Clone(c.seen)
}
