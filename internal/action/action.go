// Package action holds what the commands do: the order of the phases, and
// nothing more.
package action

import (
	"context"
	"strings"
	"time"

	"github.com/skycap/skycap/internal/builder"
	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/release"
	"github.com/skycap/skycap/internal/report"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/secret"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

// Operator is what the machine that a command is typed on brings.
type Operator struct {
	Project    *settings.Project // skycap.yaml as it lies in the operator's checkout
	Repository func(context.Context) (revision.Repository, error)
	Registry   *image.Registry
	Keys       *secret.Keys // what secrets are decrypted with
	Target     func(ctx context.Context, environment *settings.Environment) (target.Target, error)
	Builder    func(ctx context.Context, name string) (*builder.Builder, error) // of images; any that works where name is empty
	Report     *report.Reporter
	Who        string // user@machine
	Command    string // as it was typed
	Evidence   string // the folder in which what explains failures is saved
	Job        string // the address of the CI job that this is, if it is one
	Now        func() time.Time
}

// operable are the services that an environment has, each once for each place
// where it runs. To operate on them needs nothing but the targets.
func (o *Operator) operable(environment string, names []string) ([]release.Service, error) {
	placed, err := o.Project.ServicesIn(environment, names)
	if err != nil {
		return nil, err
	}
	var services []release.Service
	for _, service := range placed {
		for _, kind := range targetsOf(service) {
			services = append(services, release.Service{Name: service.Name, Target: kind})
		}
	}
	return services, nil
}

// targetsOf are the kinds of targets that a service runs in.
func targetsOf(service settings.Placed) []skycap.Target {
	var kinds []skycap.Target
	if service.Target.Includes(settings.TargetKubernetes) {
		kinds = append(kinds, skycap.TargetKubernetes)
	}
	if service.Target.Includes(settings.TargetHosts) {
		kinds = append(kinds, skycap.TargetHosts)
	}
	return kinds
}

// names are the names of services, each once.
func names(services []release.Service) []string {
	return (&release.Release{Services: services}).Names()
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
