package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/kubectl"
	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/internal/target/kubernetes"
	"github.com/skycap/skycap/pkg/skycap"
)

// adviseOnTarget knows the errors of programs and clusters.
func (s *session) adviseOnTarget(err error) string {
	var (
		missing   *run.NotFoundError
		late      *run.TimeoutError
		failure   *kubectl.Error
		owner     *kubernetes.OwnerError
		absent    *kubernetes.NotDeployedError
		cluster   *kubernetes.ClusterError
		unhealthy *action.UnhealthyError
		job       *target.JobError
		reverted  *action.RevertedError
		partial   *action.PartialError
		among     *target.PartialError
	)
	switch {
	case errors.As(err, &late):
		return "it may hang; to see what it says, run it by hand: " + late.Command.String()
	case errors.As(err, &missing):
		return map[string]string{
			"hg":      "to install it on Debian: apt-get install mercurial",
			"git":     "to install it on Debian: apt-get install git",
			"ssh":     "to install it on Debian: apt-get install openssh-client",
			"kubectl": "to install it: https://kubernetes.io/docs/tasks/tools/#kubectl",
		}[missing.Name]
	case errors.As(err, &owner) && owner.App == "":
		return "to take it over: " + s.again("--adopt")
	case errors.As(err, &owner):
		return "give the object another name, or deploy into another namespace"
	case errors.As(err, &absent):
		return "to see what is deployed: skycap status " + absent.Environment
	case errors.As(err, &cluster):
		return "correct the context in your kubeconfig: kubectl config get-contexts " + cluster.Context
	case errors.As(err, &reverted):
		return fmt.Sprintf("release %d runs again, as release %d; to see what failed: skycap history %s", reverted.To, reverted.By, s.result.Environment)
	case errors.As(err, &job):
		return "correct the job and deploy again; to go back: skycap rollback " + s.result.Environment
	case errors.As(err, &unhealthy):
		return s.adviseOnUnhealthy(unhealthy)
	case errors.As(err, &partial):
		return fmt.Sprintf("the other instances run release %d; to look: skycap status %s; once they are well again: the same command",
			partial.Release, s.result.Environment)
	case errors.As(err, &among):
		if hint := s.adviseOnTarget(among.Err); hint != "" {
			return hint
		}
		return "once that is well again: the same command"
	case errors.As(err, &failure):
		return adviseOnKubectl(failure)
	}
	return ""
}

// adviseOnUnhealthy tells what may still become of a release: only Kubernetes goes
// on by itself.
func (s *session) adviseOnUnhealthy(unhealthy *action.UnhealthyError) string {
	may := ""
	inKubernetes := func(service skycap.ServiceResult) bool { return service.Target != skycap.TargetHosts }
	if slices.ContainsFunc(unhealthy.Services, inKubernetes) {
		may = ", and Kubernetes may still finish it"
	}
	hint := fmt.Sprintf("release %d was applied%s; to look: skycap status %s", unhealthy.Release, may, s.result.Environment)
	if slices.Contains(s.args, "deploy") {
		hint += fmt.Sprintf("; to watch: skycap attach %s; to go back: skycap rollback %[1]s", s.result.Environment)
	}
	return hint
}

// isPartial reports whether some targets were changed before another failed.
func isPartial(err error) bool {
	var partial *target.PartialError
	return errors.As(err, &partial)
}
