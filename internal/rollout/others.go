package rollout

import (
	"fmt"
	"strings"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
)

// others are the assessments of what runs no pods, or not for long.
func (v *view) others() []Assessment {
	var found []Assessment
	for _, job := range v.Jobs {
		if !ownedBy(job.OwnerReferences, "CronJob") {
			found = append(found, v.job(job))
		}
	}
	for _, claim := range v.Claims {
		if claim.DeletionTimestamp == nil {
			found = append(found, v.claim(claim))
		}
	}
	for _, service := range v.Services {
		found = append(found, address(service))
	}
	for _, autoscaler := range v.Autoscalers {
		found = append(found, scaling(autoscaler))
	}
	for _, definition := range v.Definitions {
		found = append(found, v.definition(definition))
	}
	for _, object := range v.Custom {
		found = append(found, v.custom(object))
	}
	return found
}

func (v *view) claim(claim corev1.PersistentVolumeClaim) Assessment {
	name := "claim " + quoted(claim.Name)
	events := v.eventsOf("PersistentVolumeClaim", claim.ObjectMeta)
	switch claim.Status.Phase {
	case corev1.ClaimBound:
		return healthy()
	case corev1.ClaimLost:
		return v.conclude(progressing("%s has no volume", name), []finding{
			transient(rankMount, name, "Lost", time.Time{}, "%s has lost its volume %q", name, claim.Spec.VolumeName).fatal(),
		})
	}
	failed := final(among(events, "ProvisioningFailed"))
	if last := final(events); last.reason == "WaitForFirstConsumer" || last.reason == "WaitForPodScheduled" {
		return healthy() // it is given a volume when a pod wants one
	}
	if failed.reason == "" {
		return progressing("%s", v.whyPending(claim))
	}
	found := transient(rankMount, name, failed.reason, failed.first, "%s", v.whyPending(claim)).within(15 * time.Second).proven(failed)
	found.Message = failed.message
	return v.conclude(progressing("%s has no volume", name), []finding{found})
}

// whyPending says why a claim has no volume yet, with its storage class.
func (v *view) whyPending(claim corev1.PersistentVolumeClaim) string {
	text := fmt.Sprintf("claim %q has no volume", claim.Name)
	if class := claim.Spec.StorageClassName; class != nil && *class != "" {
		text += fmt.Sprintf(" of storage class %q", *class)
	}
	events := v.eventsOf("PersistentVolumeClaim", claim.ObjectMeta)
	for _, reason := range []string{"ProvisioningFailed", "FailedBinding", "ExternalProvisioning"} {
		if said := final(among(events, reason)); said.reason != "" {
			return text + ": " + oneLine(said.message)
		}
	}
	return text + " yet"
}

func address(service corev1.Service) Assessment {
	if service.Spec.Type == corev1.ServiceTypeLoadBalancer && len(service.Status.LoadBalancer.Ingress) == 0 {
		return progressing("service %q waits for an address", service.Name)
	}
	return healthy()
}

// scaling tells of an autoscaler that does nothing, which makes nothing unhealthy.
func scaling(autoscaler autoscalingv2.HorizontalPodAutoscaler) Assessment {
	for _, condition := range autoscaler.Status.Conditions {
		// Metrics are not there yet when pods have just begun.
		if condition.Type == autoscalingv2.ScalingActive && condition.Status == corev1.ConditionFalse && !strings.HasPrefix(condition.Reason, "FailedGet") {
			assessment := healthy()
			assessment.Message = closing(fmt.Sprintf("autoscaler %q does not scale: %s", autoscaler.Name, oneLine(condition.Message)), condition.Reason)
			return assessment
		}
	}
	return healthy()
}
