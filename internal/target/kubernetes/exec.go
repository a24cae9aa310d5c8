package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/rollout"
	"github.com/skycap/skycap/internal/target"
)

// Exec runs a command in a pod by kubectl exec or, where all are wanted, in one
// after the other, each line marked with its pod and stdin closed.
func (n *Namespace) Exec(ctx context.Context, service string, command target.Execution) (status int, err error) {
	current, err := n.read(ctx, []collection{n.pods()})
	if err != nil {
		return 0, err
	}
	pods, err := n.chosen(service, command, current.service(service).Pods)
	if err != nil {
		return 0, err
	}
	if !command.All {
		return n.exec(ctx, pods[0], command)
	}
	for _, pod := range pods {
		each, flush := command.Of(pod.Name)
		code, err := n.exec(ctx, pod, each)
		err = errors.Join(err, flush())
		if err != nil {
			return status, err
		}
		status = cmp.Or(status, code)
	}
	return status, nil
}

// chosen are the pods that a command is for: at least one, or an error.
func (n *Namespace) chosen(service string, command target.Execution, pods []corev1.Pod) ([]corev1.Pod, error) {
	var running, ready []corev1.Pod
	var names []string
	for _, pod := range pods {
		if pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil {
			continue
		}
		running, names = append(running, pod), append(names, pod.Name)
		if rollout.Ready(pod) {
			ready = append(ready, pod)
		}
	}
	isNamed := func(pod corev1.Pod) bool { return pod.Name == command.Instance }
	switch at := slices.IndexFunc(running, isNamed); {
	case command.Instance != "" && at >= 0:
		return running[at : at+1], nil
	case command.Instance == "" && command.All && len(running) > 0:
		return running, nil
	case command.Instance == "" && len(ready) > 0:
		return ready, nil
	}
	return nil, &target.NoInstanceError{Service: service, Environment: n.Environment, Instance: command.Instance, Known: names}
}

// defaultContainer is the annotation by which a pod says where commands run.
const defaultContainer = "kubectl.kubernetes.io/default-container"

func (n *Namespace) exec(ctx context.Context, pod corev1.Pod, command target.Execution) (int, error) {
	return n.kubectl.Exec(ctx, kubectl.Session{
		Pod: pod.Name, Container: cmp.Or(pod.Annotations[defaultContainer], pod.Spec.Containers[0].Name), Command: command.Command,
		Terminal: command.Terminal, Stdin: command.Stdin, Stdout: command.Stdout, Stderr: command.Err,
	})
}
