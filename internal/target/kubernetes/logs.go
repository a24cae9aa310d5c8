package kubernetes

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/target"
)

// Logs hands over what the pods of services have written, pod after pod, or what
// they write from now on, those included that come later.
func (n *Namespace) Logs(ctx context.Context, services []string, options target.LogOptions, log target.Log) error {
	logs := &podLogs{namespace: n, services: services, options: options, log: log, read: map[string]bool{}}
	if options.Follow {
		return logs.follow(ctx)
	}
	return logs.all(ctx)
}

// pods are those of the app, without those that a deploy runs.
func (n *Namespace) pods() collection {
	return collection{path: n.path("api/v1", "pods"), query: n.selector(",!" + manifest.LabelRun), empty: &corev1.Pod{}}
}

// podLogs reads the logs of services' pods, each container's run once.
type podLogs struct {
	namespace *Namespace
	services  []string
	options   target.LogOptions
	log       target.Log
	mutex     sync.Mutex // held for each line
	read      map[string]bool
}

// all reads what there is, in the order of services and pods.
func (l *podLogs) all(ctx context.Context) error {
	current, err := l.namespace.read(ctx, []collection{l.namespace.pods()})
	if err != nil {
		return err
	}
	var faults []error
	for _, service := range l.services {
		pods := current.service(service).Pods
		if len(pods) == 0 {
			l.namespace.warn(fmt.Sprintf("service %q has no pods in environment %q", service, l.namespace.Environment))
		}
		for _, pod := range pods {
			for _, container := range l.unread(service, pod) {
				faults = append(faults, l.container(ctx, container, l.query(container)))
			}
		}
	}
	return errors.Join(faults...)
}

// follow reads what there is and what comes, until the context ends.
func (l *podLogs) follow(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	current := l.namespace.following(ctx, []collection{l.namespace.pods()})
	defer current.close()
	var streams sync.WaitGroup
	defer streams.Wait()
	defer stop(nil)
	for isFirst := true; ; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-current.ended:
			return err
		case <-current.changed:
		}
		if !current.complete() {
			continue
		}
		for _, container := range l.started(current.state) {
			query := url.Values{"container": {container.name}}
			if isFirst {
				query = l.query(container)
			}
			query.Set("follow", "true")
			streams.Go(func() {
				if err := l.container(ctx, container, query); err != nil && ctx.Err() == nil {
					stop(err)
				}
			})
		}
		isFirst = false
	}
}

func (l *podLogs) started(current *state) []podContainer {
	var found []podContainer
	for _, service := range l.services {
		for _, pod := range current.service(service).Pods {
			found = append(found, l.unread(service, pod)...)
		}
	}
	return found
}

// podContainer is a container of which there is a log.
type podContainer struct {
	service, pod, name string
	instance           string // as lines are marked: pod, or pod/container where it has several
}

// unread are the containers of a pod that have started since they were read last. One
// that has crashed and waits to be started again has the log of its last run.
func (l *podLogs) unread(service string, pod corev1.Pod) []podContainer {
	statuses := slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
	isOneOfSeveral := len(pod.Spec.InitContainers)+len(pod.Spec.Containers) > 1
	var found []podContainer
	for _, status := range statuses {
		run := pod.Name + "/" + status.Name + "/" + status.ContainerID
		if status.ContainerID == "" || l.read[run] {
			continue
		}
		l.read[run] = true
		container := podContainer{service: service, pod: pod.Name, name: status.Name, instance: pod.Name}
		if isOneOfSeveral {
			container.instance += "/" + status.Name
		}
		found = append(found, container)
	}
	return found
}

func (l *podLogs) query(container podContainer) url.Values {
	query := url.Values{"container": {container.name}}
	if l.options.Since > 0 {
		query.Set("sinceSeconds", strconv.FormatInt(max(1, int64(l.options.Since/time.Second)), 10))
	}
	if l.options.Tail >= 0 {
		query.Set("tailLines", strconv.Itoa(l.options.Tail))
	}
	return query
}

// container hands over the lines of one container as the bytes that they are.
func (l *podLogs) container(ctx context.Context, container podContainer, query url.Values) error {
	stream, err := l.namespace.proxy.Stream(ctx, l.namespace.path("api/v1", "pods")+"/"+container.pod+"/log", query)
	if failedFor(err, kubectl.NotFound) || failedFor(err, kubectl.Invalid) {
		return nil // the pod is gone, or its container's log is
	}
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	for reader := bufio.NewReader(stream); ; {
		line, err := reader.ReadString('\n')
		if line != "" {
			l.mutex.Lock()
			l.log(container.service, container.instance, strings.TrimSuffix(line, "\n"))
			l.mutex.Unlock()
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("the log of %s was cut short: %w", container.instance, err)
		}
	}
}
