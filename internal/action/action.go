// Package action holds what the commands do: the order of the phases, and
// nothing more.
package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/target"
)

// Operator is what the machine that a command is typed on brings.
type Operator struct {
	Project    *settings.Project // skycap.yaml as it lies in the operator's checkout
	Repository func(context.Context) (revision.Repository, error)
	Registry   image.Registry
	Target     func(ctx context.Context, environment *settings.Environment) (target.Target, error)
	Report     *report.Reporter
	Who        string // user@machine
	Command    string // as it was typed
	Evidence   string // the folder in which what explains failures is saved
	Job        string // the address of the CI job that this is, if it is one
	Now        func() time.Time
}

// UnsupportedError says that skycap.yaml asks for what this version can't do,
// and must not leave undone.
type UnsupportedError struct {
	Service, What string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("service %q %s, which this version of skycap can't deploy", e.Service, e.What)
}

// onKubernetes are the services that an environment has in its namespace. Any
// other that was asked for is an error.
func onKubernetes(project *settings.Project, environment string, names []string) ([]settings.Placed, error) {
	placed, err := project.ServicesIn(environment, names)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, service := range placed {
		if service.Target != settings.TargetKubernetes {
			faults = append(faults, &UnsupportedError{Service: service.Name, What: "runs on hosts"})
		}
		if service.Secrets != nil {
			faults = append(faults, &UnsupportedError{Service: service.Name, What: "has secrets"})
		}
	}
	return placed, errors.Join(faults...)
}

// operable are the names of the services that can be operated on where they
// run: unlike a deploy, that needs nothing but the target.
func (o *Operator) operable(environment string, names []string) ([]string, error) {
	placed, err := o.Project.ServicesIn(environment, names)
	if err != nil {
		return nil, err
	}
	var operable []string
	var faults []error
	for _, service := range placed {
		if service.Target.Includes(settings.TargetKubernetes) {
			operable = append(operable, service.Name)
		} else if len(names) > 0 {
			faults = append(faults, &UnsupportedError{Service: service.Name, What: "runs on hosts"})
		}
	}
	return operable, errors.Join(faults...)
}

// tagOf is the image tag of a revision, by the project's template.
func tagOf(project *settings.Project, revision revision.Revision) (string, error) {
	return settings.Expand(project.Revision.Tag, settings.TagFields{
		Node: revision.ID, Short: revision.Short(), Number: revision.Number, Branch: revision.Branch,
	})
}

// demandsLabel reports whether a tag says so little of a revision that only
// the image's label can prove it: numbers differ between clones.
func demandsLabel(project *settings.Project) bool {
	return strings.Contains(project.Revision.Tag, ".Number")
}
