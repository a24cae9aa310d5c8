package endtoend

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// signs are what the cluster shows of a fault, as it shows it: warnings, containers
// that wait or failed, pods that fit nowhere, deadlines that passed.
type signs struct {
	wanted  *regexp.Regexp
	stop    context.CancelFunc
	watches sync.WaitGroup

	mutex sync.Mutex
	seen  time.Time // the first that is wanted
}

// notYet is said of pods that come up as they should: the probe is asked too early,
// the namespace is still being filled.
var notYet = regexp.MustCompile(`^Unhealthy|kube-root-ca\.crt`)

// watch begins to look for signs.
func (c *cage) watch() *signs {
	c.t.Helper()
	ctx, stop := context.WithCancel(c.t.Context())
	s := &signs{stop: stop}
	if c.shown != "" {
		s.wanted = regexp.MustCompile(c.fill(c.shown, ""))
	}
	var events struct {
		Metadata struct{ ResourceVersion string }
	}
	core := "/api/v1/namespaces/" + c.namespace
	require.NoError(c.t, json.Unmarshal([]byte(c.kubectl("get", "--raw", core+"/events?limit=1")), &events))
	// Events of the former release are old; a pod of it that still fails is not.
	follow(ctx, s, core+"/events?watch=1&resourceVersion="+events.Metadata.ResourceVersion, signsOfEvent)
	follow(ctx, s, core+"/pods?watch=1", signsOfPod)
	follow(ctx, s, "/apis/apps/v1/namespaces/"+c.namespace+"/deployments?watch=1", signsOfDeployment)
	return s
}

// first ends the watches, and returns when the first sign was seen.
func (s *signs) first() time.Time {
	s.stop()
	s.watches.Wait()
	return s.seen
}

// follow reads changes until the context ends, or the server has no more.
func follow[T any](ctx context.Context, s *signs, path string, read func(T) []string) {
	s.watches.Go(func() {
		program := exec.CommandContext(ctx, "kubectl", "--context=skycap-lab", "get", "--raw", path)
		stdout, err := program.StdoutPipe()
		if err != nil || program.Start() != nil {
			return // no sign, which the table shows
		}
		decoder := json.NewDecoder(stdout)
		for {
			var change struct{ Object T }
			if decoder.Decode(&change) != nil {
				break
			}
			s.consider(read(change.Object)...)
		}
		_ = program.Wait() // it is killed in the end
	})
}

// consider takes in what was shown. Where nobody looks for signs, it does nothing.
func (s *signs) consider(texts ...string) {
	if s == nil {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.seen.IsZero() && slices.ContainsFunc(texts, s.isWanted) {
		s.seen = time.Now()
	}
}

func (s *signs) isWanted(text string) bool {
	if s.wanted != nil {
		return s.wanted.MatchString(text)
	}
	return !notYet.MatchString(text)
}

func signsOfEvent(event corev1.Event) []string {
	if event.Type != corev1.EventTypeWarning {
		return nil
	}
	return []string{event.Reason + ": " + event.Message}
}

func signsOfPod(pod corev1.Pod) []string {
	var found []string
	for _, condition := range pod.Status.Conditions {
		if condition.Reason == corev1.PodReasonUnschedulable {
			found = append(found, condition.Reason+": "+condition.Message)
		}
	}
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if waiting := status.State.Waiting; waiting != nil && !strings.HasSuffix(waiting.Reason, "ing") {
			found = append(found, waiting.Reason+": "+waiting.Message)
		}
		for _, state := range []corev1.ContainerState{status.State, status.LastTerminationState} {
			if state.Terminated != nil && state.Terminated.ExitCode != 0 {
				found = append(found, fmt.Sprintf("%s: exit code %d", state.Terminated.Reason, state.Terminated.ExitCode))
			}
		}
	}
	return found
}

func signsOfDeployment(deployment appsv1.Deployment) []string {
	var found []string
	for _, condition := range deployment.Status.Conditions {
		if condition.Reason == "ProgressDeadlineExceeded" {
			found = append(found, condition.Reason+": "+condition.Message)
		}
	}
	return found
}
