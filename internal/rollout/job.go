package rollout

import (
	"fmt"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

func (v *view) job(j batchv1.Job) Assessment {
	for _, condition := range j.Status.Conditions {
		if condition.Status != corev1.ConditionTrue {
			continue
		}
		switch condition.Type {
		case batchv1.JobComplete:
			return healthy()
		case batchv1.JobFailed:
			return v.failedJob(j, condition)
		}
	}
	if j.Spec.Suspend != nil && *j.Spec.Suspend {
		return Assessment{State: skycap.StateStopped, Message: fmt.Sprintf("job %q is suspended", j.Name)}
	}
	name := "job " + strconv.Quote(j.Name)
	found := v.ailments(v.podsOf(j.UID, nil), true)
	found = append(found, v.uncreatedPods(name, v.eventsOf("Job", j.ObjectMeta))...)
	return v.conclude(progressing("%s runs", name), found)
}

func (v *view) failedJob(j batchv1.Job, condition batchv1.JobCondition) Assessment {
	why := lastExit(v.podsOf(j.UID, nil))
	if why == "" && condition.Message != "" {
		why = ": " + condition.Message
	}
	found := transient(rankCrash, "job "+strconv.Quote(j.Name), condition.Reason, condition.LastTransitionTime.Time, "job %q failed%s", j.Name, why).fatal()
	found.Message = condition.Message
	return v.conclude(Assessment{State: skycap.StateProgressing}, []finding{found})
}

func cronJob(c batchv1.CronJob) Assessment {
	if c.Spec.Suspend != nil && *c.Spec.Suspend {
		return Assessment{State: skycap.StateStopped, Message: fmt.Sprintf("cron job %q is suspended", c.Name)}
	}
	return healthy()
}
