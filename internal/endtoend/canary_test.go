package endtoend

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// canary is a secret that must never be seen anywhere but where it belongs.
const canary = "canary-hunter2-Zq7xWv"

// leaks reports whether a text has the canary, as it is or as Secrets have it.
func leaks(text string) bool {
	for shift := range 3 { // base64 has three ways to write what stands within a text
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + canary))
		if strings.Contains(text, encoded[4:len(encoded)-4]) {
			return true
		}
	}
	return strings.Contains(text, canary)
}

// transcript is what runs of skycap have printed.
type transcript struct {
	mutex sync.Mutex
	texts []string
}

func (s *transcript) add(texts ...string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.texts = append(s.texts, texts...)
}

// assertSilent proves that the canary is in nothing that skycap has printed, and in no
// file: neither in the checkout nor in what skycap writes, such as evidence.
func (c *checkout) assertSilent() {
	for _, text := range c.said.texts {
		assert.False(c.t, leaks(text), "%s", text)
	}
	assert.Empty(c.t, leakingFiles(c.t, c.temporary, c.folder))
}

// leakingFiles are the files below folders that have the canary.
func leakingFiles(t *testing.T, folders ...string) []string {
	t.Helper()
	var found []string
	for _, folder := range folders {
		require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if leaks(string(text)) {
				found = append(found, path)
			}
			return err
		}))
	}
	return found
}

// watch looks for the canary for as long as tests run: in all that the API server stores,
// be it for a moment, and on the command line and in the environment of each process.
type watch struct {
	stop   context.CancelFunc
	ended  sync.WaitGroup
	isLeak func(text string) bool
	mutex  sync.Mutex
	found  []error
}

func watchForCanary() *watch {
	ctx, stop := context.WithCancel(context.Background())
	w := &watch{stop: stop, isLeak: leaks}
	w.ended.Go(func() { w.processes(ctx) })
	for _, path := range []string{
		"/api/v1/configmaps", "/api/v1/secrets", "/api/v1/events", "/api/v1/pods", "/apis/apps/v1/deployments", "/apis/apps/v1/replicasets",
		"/apis/batch/v1/jobs", "/apis/coordination.k8s.io/v1/leases",
	} {
		w.ended.Go(func() { w.objects(ctx, path) })
	}
	return w
}

// end ends the watch, and tells where the canary was.
func (w *watch) end() error {
	w.stop()
	w.ended.Wait()
	return errors.Join(w.found...)
}

func (w *watch) add(format string, values ...any) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	err := fmt.Errorf(format, values...)
	if !slices.ContainsFunc(w.found, func(other error) bool { return other.Error() == err.Error() }) {
		w.found = append(w.found, err)
	}
}

func (w *watch) hasFound(text string) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return slices.ContainsFunc(w.found, func(err error) bool { return strings.Contains(err.Error(), text) })
}

// objects reads each state of each object of a kind. The server ends a watch after half
// an hour or more: then it begins anew.
func (w *watch) objects(ctx context.Context, path string) {
	for ctx.Err() == nil {
		program := exec.CommandContext(ctx, "kubectl", "--context=skycap-lab", "get", "--raw="+path+"?watch=true")
		stdout, err := program.StdoutPipe()
		if err == nil {
			err = program.Start()
		}
		if err != nil {
			w.add("the watch of %s: %w", path, err)
			return
		}
		for lines := bufio.NewReader(stdout); ; {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				break
			}
			if where := leakIn(line); where != "" {
				w.add("the canary is in %s", where)
			}
		}
		if err := program.Wait(); err != nil && ctx.Err() == nil {
			w.add("the watch of %s: %w", path, err)
			return
		}
	}
}

// leakIn names the object of an event of the API server that has the canary, and should
// not. Secrets that are rendered are where it belongs. Of a record in several parts only
// the first can be read alone.
func leakIn(event []byte) string {
	var of struct {
		Object struct {
			metav1.PartialObjectMetadata
			Data map[string]string
		}
	}
	if !bytes.Contains(event, []byte(`"release.json.gz"`)) && !leaks(string(event)) {
		return ""
	}
	if err := json.Unmarshal(event, &of); err != nil {
		return err.Error()
	}
	found := of.Object
	name := fmt.Sprintf("%s %s/%s", found.Kind, found.Namespace, found.Name)
	switch {
	case found.Kind == "Secret" && strings.Contains(found.Name, "-secrets-"):
		return ""
	case leaks(string(event)):
		return name
	}
	record := base64.NewDecoder(base64.StdEncoding, strings.NewReader(found.Data["release.json.gz"]))
	packed, err := gzip.NewReader(record)
	if err != nil {
		return ""
	}
	if text, _ := io.ReadAll(packed); leaks(string(text)) {
		return name
	}
	return ""
}

// Of looking at processes: how often, and after how many looks an old one is looked at again.
const (
	glance     = 20 * time.Millisecond
	lookAgain  = 50
	firstLooks = 3 // a process may become another program
)

// processes looks at new processes at once, and at old ones now and then.
func (w *watch) processes(ctx context.Context) {
	looks := map[string]int{}
	for ticker := time.NewTicker(glance); ; {
		select {
		case <-ctx.Done():
			ticker.Stop()
			return
		case <-ticker.C:
		}
		folders, _ := filepath.Glob("/proc/[0-9]*")
		before := looks
		looks = make(map[string]int, len(folders))
		for _, folder := range folders {
			looks[folder] = before[folder] + 1
			if before[folder]%lookAgain >= firstLooks {
				continue
			}
			for _, name := range []string{"cmdline", "environ"} {
				if text, err := os.ReadFile(filepath.Join(folder, name)); err == nil && w.isLeak(string(text)) {
					w.add("the canary is in %s of a process: %q", name, text)
				}
			}
		}
	}
}

func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	event := func(kind, name string, data any) []byte {
		object := map[string]any{"kind": kind, "metadata": map[string]any{"namespace": "n", "name": name}, "data": data}
		text, err := json.Marshal(map[string]any{"type": "ADDED", "object": object})
		require.NoError(t, err)
		return text
	}
	var record bytes.Buffer
	writer := gzip.NewWriter(&record)
	_, err := io.WriteString(writer, "a record of "+base64.StdEncoding.EncodeToString([]byte("a "+canary+"\n")))
	require.NoError(t, err)
	require.NoError(t, writer.Close())

	assert.Equal(t, "Secret n/record", leakIn(event("Secret", "record", map[string][]byte{"release.json.gz": record.Bytes()})))
	assert.Equal(t, "Secret n/other", leakIn(event("Secret", "other", map[string][]byte{"x": []byte(canary)})))
	assert.Equal(t, "Event n/"+canary, leakIn(event("Event", canary, nil)))
	assert.Empty(t, leakIn(event("Secret", "shop-web-secrets-0123456789", map[string][]byte{"x": []byte(canary)})))
	assert.Empty(t, leakIn(event("ConfigMap", "shop-web-config-0123456789", map[string]string{"x": "y"})))
	assert.Equal(t, "ConfigMap n/settings", leakIn(event("ConfigMap", "settings", map[string]string{"x": "a " + canary})))

	file := write(t, t.TempDir(), "log", "the token is "+canary)
	assert.Equal(t, []string{file}, leakingFiles(t, filepath.Dir(file)))
}

func TestLeakingProcessesAreFound(t *testing.T) {
	t.Parallel()
	needLab(t)
	const word = "another-bird-4fQ" // the canary itself would be found by the watch over all tests
	for _, name := range []string{"cmdline", "environ"} {
		ctx, stop := context.WithCancel(t.Context())
		w := &watch{stop: stop, isLeak: func(text string) bool { return strings.Contains(text, word) }}
		w.ended.Go(func() { w.processes(ctx) })
		program := exec.CommandContext(ctx, "tail", "-f", "/dev/null")
		if name == "cmdline" {
			program.Args = append(program.Args, "--", word)
		} else {
			program.Env = []string{"WORD=" + word}
		}
		require.NoError(t, program.Start())
		assert.Eventually(t, func() bool { return w.hasFound("in " + name + " of a process") }, patience, pause)
		assert.Error(t, w.end())
		_ = program.Wait() // the end of the watch has killed it
	}
}
