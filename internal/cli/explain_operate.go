package cli

import (
	"errors"
	"strings"

	"github.com/skycap/skycap/internal/action"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/ssh"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/internal/target/kubernetes"
)

// adviseOnOperating knows the errors of stopping, of running commands and of logging in.
func (s *session) adviseOnOperating(err error) string {
	var (
		missing   *target.NoInstanceError
		unstopped *action.UnstoppedError
		lasting   *kubernetes.StopError
		name      *ssh.NameError
	)
	switch {
	case errors.As(err, &missing):
		return s.adviseOnInstances(missing)
	case errors.As(err, &lasting):
		return "nothing was stopped; to stop others, name them: skycap stop <env> <service>..."
	case errors.As(err, &unstopped):
		return "its instances may take longer to end; to look: skycap status " + unstopped.Environment
	case errors.As(err, &name):
		return "correct the host in skycap.yaml"
	}
	return ""
}

// adviseOnInstances names the instance that was probably meant, or those that there are.
func (s *session) adviseOnInstances(missing *target.NoInstanceError) string {
	switch nearest := settings.Nearest(missing.Instance, missing.Known); {
	case nearest != "":
		return "did you mean: " + commandLine(replaced(s.args, missing.Instance, nearest))
	case len(missing.Known) > 0:
		return "those that run are " + strings.Join(missing.Known, ", ") + "; to choose one: --instance " + missing.Known[0]
	}
	return "to see what runs: skycap status " + missing.Environment + " " + missing.Service
}
