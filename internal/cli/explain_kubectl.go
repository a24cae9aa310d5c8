package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/pkg/skycap"
)

// adviseOnKubectl tells what to type next about what kubectl or the API server has said.
func adviseOnKubectl(failure *kubectl.Error) string {
	place := run.Command{Name: "kubectl", Args: []string{"--context=" + failure.Context, "--namespace=" + failure.Namespace}}.String()
	again := "it may pass: the same command"
	return map[kubectl.Reason]string{
		kubectl.NoContext:    "to see which contexts there are: kubectl config get-contexts",
		kubectl.Kubeconfig:   "correct the kubeconfig; to see what is read of it: kubectl config view",
		kubectl.Skew:         fmt.Sprintf("to see which kubectl it is: kubectl version; skycap works with %s: %s", kubectl.Supported(), kubectl.HowToInstall),
		kubectl.Unreachable:  "is the cluster up, and reachable from here? " + place + " cluster-info",
		kubectl.Certificate:  "to see whose it is, and until when: " + place + " cluster-info; to get a kubeconfig with the right one, ask whoever runs the cluster",
		kubectl.Timeout:      again + "; is the cluster slow? " + place + " get --raw='/readyz?verbose'",
		kubectl.Unauthorized: "log in again, as your cluster wants it; to see whom it takes you for: " + place + " auth whoami",
		kubectl.Forbidden:    "to see what you may do there: " + place + " auth can-i --list",
		kubectl.NoNamespace:  "to make it: " + place + " create namespace " + failure.Namespace,
		kubectl.Terminating:  "wait until it is gone, and make it again; to see what holds it: " + place + " get namespace " + failure.Namespace + " --output=yaml",
		kubectl.NotFound:     "somebody may have deleted it meanwhile; to look: " + place + " get all",
		kubectl.Exists:       "somebody else may have made it just now; to look: " + place + " get all",
		kubectl.Conflict:     "to overwrite these fields: the same command with --conflicts take; to leave them: --conflicts leave",
		kubectl.Stale:        "somebody else changes it at the same time; then: the same command",
		kubectl.NoKind:       "to see which kinds the cluster knows: " + place + " api-resources",
		kubectl.Invalid:      correction(failure) + ", and look with: skycap plan",
		kubectl.Denied:       "a policy of the cluster refuses it; to see the policies: " + place + " get validatingadmissionpolicies,validatingwebhookconfigurations",
		kubectl.Quota:        "to see what is used of it: " + place + " describe resourcequota",
		kubectl.Throttled:    "the API server wants fewer requests; " + again,
		kubectl.Unavailable:  again + "; to see what is away: " + place + " get --raw='/readyz?verbose'",
		kubectl.APIDown:      "to see why it is down: " + place + " get apiservice " + apiService(failure.API),
		kubectl.Webhook:      "to see the webhooks, and the services that they need: " + place + " get validatingwebhookconfigurations,mutatingwebhookconfigurations",
		kubectl.Other:        "to see more of it: " + place + " get events",
	}[failure.Reason]
}

// correction names the fields to correct.
func correction(failure *kubectl.Error) string {
	var fields []string
	for _, fault := range failure.Faults {
		fields = append(fields, strings.TrimSpace(fault.Object+" "+fault.Field))
	}
	if len(fields) == 0 {
		return "the cluster refused it; correct the manifests"
	}
	return "the cluster refused it; correct " + strings.Join(fields, ", ") + " in the manifests"
}

// apiService is the name of the object that brings an API to the cluster, as in
// v1beta1.metrics.k8s.io.
func apiService(api string) string {
	group, version, _ := strings.Cut(api, "/")
	return version + "." + group
}

// failures are what programs are told of kubectl's failures among joined errors.
func failures(err error) []skycap.Failure {
	var found []skycap.Failure
	for _, leaf := range leaves(err) {
		var failure *kubectl.Error
		if !errors.As(leaf, &failure) {
			continue
		}
		told := skycap.Failure{
			Reason: string(failure.Reason), MayPass: failure.MayPass(),
			Context: failure.Context, Namespace: failure.Namespace, API: failure.API,
		}
		for _, fault := range failure.Faults {
			told.Fields = append(told.Fields, skycap.FieldFault{Object: fault.Object, Path: fault.Field, Message: fault.Text})
		}
		found = append(found, told)
	}
	return found
}
