package kubernetes

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skycap/skycap/internal/target"
)

func TestEachRunOfAContainerIsReadOnce(t *testing.T) {
	t.Parallel()
	pod := func(ids ...string) corev1.Pod {
		found := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-1"}}
		for i, id := range ids {
			name := string(rune('a' + i))
			found.Spec.Containers = append(found.Spec.Containers, corev1.Container{Name: name})
			found.Status.ContainerStatuses = append(found.Status.ContainerStatuses, corev1.ContainerStatus{Name: name, ContainerID: id})
		}
		return found
	}
	logs := &podLogs{read: map[string]bool{}}
	instances := func(pod corev1.Pod) (found []string) {
		for _, container := range logs.unread("web", pod) {
			found = append(found, container.instance)
		}
		return found
	}
	assert.Empty(t, instances(pod("")), "it has not started")
	assert.Equal(t, []string{"web-1"}, instances(pod("x1")))
	assert.Empty(t, instances(pod("x1")))
	assert.Equal(t, []string{"web-1"}, instances(pod("x2")), "it was started again")
	assert.Equal(t, []string{"web-1/b"}, instances(pod("x2", "y1")), "one of several")
}

func TestLogQuery(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options target.LogOptions
		want    url.Values
	}{
		"all":           {target.LogOptions{Tail: -1}, url.Values{"container": {"web"}}},
		"the last":      {target.LogOptions{Tail: 5}, url.Values{"container": {"web"}, "tailLines": {"5"}}},
		"none":          {target.LogOptions{}, url.Values{"container": {"web"}, "tailLines": {"0"}}},
		"since":         {target.LogOptions{Since: 90 * time.Second, Tail: -1}, url.Values{"container": {"web"}, "sinceSeconds": {"90"}}},
		"since a while": {target.LogOptions{Since: time.Millisecond, Tail: -1}, url.Values{"container": {"web"}, "sinceSeconds": {"1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, (&podLogs{options: test.options}).query(podContainer{name: "web"}))
		})
	}
}

func TestChosenPods(t *testing.T) {
	t.Parallel()
	pod := func(name string, ready corev1.ConditionStatus) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.PodStatus{
			Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}},
		}}
	}
	over := pod("d", corev1.ConditionFalse)
	over.Status.Phase = corev1.PodSucceeded
	pods := []corev1.Pod{pod("a", corev1.ConditionFalse), pod("b", corev1.ConditionTrue), pod("c", corev1.ConditionTrue), over}
	n := &Namespace{Environment: "staging"}
	for name, test := range map[string]struct {
		command target.Execution
		pods    []corev1.Pod
		want    []string
	}{
		"the first that is ready": {target.Execution{}, pods, []string{"b", "c"}},
		"a named one":             {target.Execution{Instance: "a"}, pods, []string{"a"}},
		"all":                     {target.Execution{All: true}, pods, []string{"a", "b", "c"}},
		"none of that name":       {target.Execution{Instance: "d"}, pods, nil},
		"none ready":              {target.Execution{}, pods[:1], nil},
		"none at all":             {target.Execution{All: true}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := n.chosen("web", test.command, test.pods)
			if test.want == nil {
				var missing *target.NoInstanceError
				assert.ErrorAs(t, err, &missing)
				return
			}
			var names []string
			for _, pod := range found {
				names = append(names, pod.Name)
			}
			assert.Equal(t, test.want, names)
		})
	}
}
