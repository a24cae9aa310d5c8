package action

import (
	"context"
	"time"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/settings"
)

// findImages finds the images of all services, by service and name. Its error
// joins one for each that is missing. Worth tells whether to wait, and may take its time.
func (o *Operator) findImages(ctx context.Context, s *source, wait time.Duration, worth func() bool) (map[string]map[string]image.Image, error) {
	tag, err := tagOf(s.project, s.revision)
	if err != nil {
		return nil, err
	}
	search := imageSearch{
		find: o.Registry.Find, tag: tag, revision: s.revision, demandLabel: demandsLabel(s.project),
		wait: wait, worth: worth, now: o.Now, waiting: func(text string) { o.Report.Phase("wait-image", text) }, warn: o.Report.Warning,
	}
	if search.all(ctx, s.services) {
		o.Report.Phase("prepare", "all images are there")
	}
	found := map[string]map[string]image.Image{}
	for _, service := range s.services {
		found[service.Name] = map[string]image.Image{}
		for name, repository := range imagesOf(service) {
			found[service.Name][name] = search.found[repository]
		}
	}
	return found, search.faults()
}

// imagesOf are the repositories of a service's images. What runs on hosts only has none.
func imagesOf(service settings.Placed) map[string]string {
	if service.Target == settings.TargetHosts {
		return nil
	}
	return service.Images
}
