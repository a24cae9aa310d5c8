package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
)

// How much is read of a failing container's log, and how much of that is shown.
const (
	logLines   = 200
	shownLines = 10
	logBytes   = 1 << 20
)

// maxExplained is how many failing containers are looked at: more say the same.
const maxExplained = 3

// Explain reads the logs of the containers that fail, of their former runs too,
// and saves them with the events and objects of the service. What can't be read
// is left out: the cause is known without.
func (n *Namespace) Explain(ctx context.Context, service release.Service, assessment rollout.Assessment) target.Evidence {
	evidence := target.Evidence{Cause: assessment.Cause, Facts: slices.Clone(assessment.Evidence), Files: map[string][]byte{}}
	seen, shown := map[string]bool{}, map[string]bool{}
	for _, finding := range assessment.Findings {
		key := finding.Container + "\x00" + finding.Reason
		if finding.Pod == "" || finding.Container == "" || seen[key] || len(seen) >= maxExplained {
			continue
		}
		seen[key] = true
		for _, previous := range []bool{true, false} {
			log := n.log(ctx, finding.Pod, finding.Container, previous)
			if len(log) == 0 {
				continue
			}
			name := finding.Pod + "-" + finding.Container
			if previous {
				name += ".previous"
			}
			evidence.Files["logs/"+name+".log"] = log
			if crashes(finding) && finding.Cause == evidence.Cause {
				evidence.Cause = withLastWords(finding, log)
			}
			if title := "log of container " + strconv.Quote(finding.Container); !shown[title] {
				evidence.Facts = append(evidence.Facts, lastLines(title, log)...)
				shown[title] = true
			}
		}
	}
	n.saveState(ctx, service.Name, evidence.Files)
	return evidence
}

// crashes reports whether a finding is of a program that ended by itself.
func crashes(finding rollout.Finding) bool {
	return slices.Contains([]string{"CrashLoopBackOff", "Error"}, finding.Reason)
}

// wrongArchitecture is what a container says whose program is made for other machines.
const wrongArchitecture = "exec format error"

// maxLastWords is how much of its last line a cause carries, in bytes.
const maxLastWords = 200

// withLastWords is a cause with the last line that the program wrote, which mostly
// says why it ended.
func withLastWords(finding rollout.Finding, log []byte) string {
	words := strings.TrimSpace(string(log[bytes.LastIndexByte(bytes.TrimSpace(log), '\n')+1:]))
	switch {
	case words == "", strings.HasPrefix(words, noLog):
		return finding.Cause
	case strings.Contains(words, wrongArchitecture):
		return fmt.Sprintf("container %q can't run: its program is built for another architecture than the node's (%s)", finding.Container, words)
	case len(words) > maxLastWords:
		words = strings.ToValidUTF8(words[:maxLastWords], "") + "…"
	}
	return fmt.Sprintf("%s; it last said: %s", finding.Cause, words)
}

// noLog begins what a kubelet gives out in the place of the log of a container that is gone.
// Source: pkg/kubelet/kuberuntime/kuberuntime_container.go, Kubernetes 1.34 to 1.36.
const noLog = "unable to retrieve container logs for "

// log is the last lines of a container, of its former run or of this one.
func (n *Namespace) log(ctx context.Context, pod, container string, previous bool) []byte {
	log, err := n.proxy.Stream(ctx, n.path("api/v1", "pods")+"/"+pod+"/log", url.Values{
		"container": {container}, "tailLines": {strconv.Itoa(logLines)}, "previous": {strconv.FormatBool(previous)},
		"limitBytes": {strconv.Itoa(logBytes)},
	})
	if err != nil {
		return nil
	}
	defer func() { _ = log.Close() }()
	text, _ := io.ReadAll(io.LimitReader(log, logBytes)) // what there is of it
	return text
}

func lastLines(title string, log []byte) []string {
	lines := strings.Split(strings.TrimRight(string(log), "\r\n"), "\n")
	lines = lines[max(0, len(lines)-shownLines):]
	for i, line := range lines {
		lines[i] = title + ": " + strings.TrimRight(line, "\r")
	}
	return lines
}

// saveState keeps the objects of a service and the events of the namespace.
// Values of environment variables may be secrets: they are left out.
func (n *Namespace) saveState(ctx context.Context, service string, files map[string][]byte) {
	current, err := n.read(ctx, append(n.collections(), n.events()))
	if err != nil {
		files["objects.txt"] = []byte(err.Error())
		return
	}
	current.mutex.Lock()
	defer current.mutex.Unlock()
	var objects, events []any
	for _, byName := range current.objects {
		for _, object := range byName {
			if event, ok := object.(*corev1.Event); ok {
				events = append(events, event)
			} else if object.GetLabels()[manifest.LabelService] == service {
				object.SetManagedFields(nil)
				delete(object.GetAnnotations(), "kubectl.kubernetes.io/last-applied-configuration") // it has values in its text
				objects = append(objects, object)
			}
		}
	}
	for name, content := range map[string][]any{service + "-objects.json": objects, service + "-events.json": events} {
		files[name] = withoutValues(content)
	}
}

// withoutValues is JSON in which the values of environment variables are masked.
func withoutValues(content []any) []byte {
	encoded, err := json.Marshal(content)
	if err != nil {
		return fmt.Appendf(nil, "%v", err)
	}
	var plain any
	if err := json.Unmarshal(encoded, &plain); err != nil {
		return fmt.Appendf(nil, "%v", err)
	}
	maskEnv(plain)
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(plain) // it was decoded just now
	return text.Bytes()
}

func maskEnv(value any) {
	switch value := value.(type) {
	case map[string]any:
		variables, _ := value["env"].([]any)
		for _, variable := range variables {
			if variable, ok := variable.(map[string]any); ok && variable["value"] != nil {
				variable["value"] = masked
			}
		}
		for _, below := range value {
			maskEnv(below)
		}
	case []any:
		for _, below := range value {
			maskEnv(below)
		}
	}
}
