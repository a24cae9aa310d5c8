package endtoend

import (
	"fmt"
	"strings"
)

// web is a Deployment of one animal. Each field is YAML that goes in at its level.
// $IMAGE and $NAMESPACE stand for what differs from cage to cage.
type web struct {
	spec, pod, container string
	sidecar              string // one more container
	kind                 string // Deployment when empty
}

// ready is the probe of an animal that is asked whether it takes visitors.
const ready = "readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}"

func (w web) yaml() string {
	kind := w.kind
	if kind == "" {
		kind = "Deployment"
	}
	return `apiVersion: apps/v1
kind: ` + kind + `
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
` + indented(2, w.spec) + `  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
` + indented(6, w.pod) + `      containers:
        - name: app
          image: $IMAGE
` + indented(10, w.container) + indented(8, w.sidecar)
}

// with is the Deployment and more objects.
func (w web) with(objects ...string) string {
	return strings.Join(append([]string{w.yaml()}, objects...), "\n---\n")
}

func indented(columns int, text string) string {
	var out strings.Builder
	for line := range strings.Lines(strings.TrimSuffix(text, "\n")) {
		out.WriteString(strings.Repeat(" ", columns) + strings.TrimSuffix(line, "\n") + "\n")
	}
	return out.String()
}

// lines joins fields of one level.
func lines(fields ...string) string { return strings.Join(fields, "\n") }

// env tells the animal how to behave, as in "EXIT_CODE=3".
func env(variables ...string) string {
	var list []string
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		list = append(list, fmt.Sprintf("{name: %s, value: %q}", name, value))
	}
	return "env: [" + strings.Join(list, ", ") + "]"
}

// job runs an animal once.
func job(annotations string, variables ...string) string {
	return `apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {` + annotations + `}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migration, image: $IMAGE, ` + env(variables...) + `}]
`
}
