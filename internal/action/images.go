package action

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
	"github.com/skycap/skycap/pkg/skycap"
)

// imagePause is the time between two questions for an image that is still being built.
const imagePause = 2 * time.Second

// imagesAtOnce is how many images are asked for at the same time.
const imagesAtOnce = 16

// findImages finds the images of all services, by service and name. Its error
// joins one for each that is missing.
func (o *Operator) findImages(ctx context.Context, s *source, wait time.Duration) (map[string]map[string]image.Image, error) {
	tag, err := tagOf(s.project, s.revision)
	if err != nil {
		return nil, err
	}
	search := imageSearch{
		registry: o.Registry, tag: tag, revision: s.revision, demandLabel: demandsLabel(s.project),
		deadline: o.Now().Add(wait), now: o.Now, waiting: func(missing string) {
			o.Report.Event(skycap.Event{Type: skycap.EventPhase, Phase: "prepare", Message: fmt.Sprintf("waiting for image %q", missing)})
		},
		found: map[string]image.Image{}, missing: map[string]error{},
	}
	search.all(ctx, s.services)
	found := map[string]map[string]image.Image{}
	var faults []error
	for _, service := range s.services {
		found[service.Name] = map[string]image.Image{}
		for name, repository := range imagesOf(service) {
			found[service.Name][name] = search.found[repository]
			faults = append(faults, search.missing[repository])
			delete(search.missing, repository) // once, however many services share it
		}
	}
	return found, errors.Join(faults...)
}

// imagesOf are the repositories of a service's images. What runs on hosts only has none.
func imagesOf(service settings.Placed) map[string]string {
	if service.Target == settings.TargetHosts {
		return nil
	}
	return service.Images
}

// imageSearch asks for the images of one revision.
type imageSearch struct {
	registry    image.Registry
	tag         string
	revision    revision.Revision
	demandLabel bool
	deadline    time.Time
	now         func() time.Time
	waiting     func(string)

	mutex   sync.Mutex
	found   map[string]image.Image // by repository
	missing map[string]error
}

func (s *imageSearch) all(ctx context.Context, services []settings.Placed) {
	asked := map[string]bool{}
	work := errgroup.Group{}
	work.SetLimit(imagesAtOnce)
	for _, service := range services {
		for _, repository := range imagesOf(service) {
			if asked[repository] {
				continue
			}
			asked[repository] = true
			work.Go(func() error {
				found, err := s.one(ctx, repository)
				s.mutex.Lock()
				defer s.mutex.Unlock()
				if s.found[repository] = found; err != nil {
					s.missing[repository] = err
				}
				return nil
			})
		}
	}
	_ = work.Wait() // errors are kept for each image
}

// one finds one image, which may take until the deadline to appear.
func (s *imageSearch) one(ctx context.Context, repository string) (image.Image, error) {
	for told := false; ; told = true {
		found, err := s.registry.Find(ctx, repository, s.tag)
		var notFound *image.NotFoundError
		if !errors.As(err, &notFound) || !s.now().Before(s.deadline) {
			if err == nil {
				err = image.Check(found, s.revision, s.demandLabel)
			}
			return found, err
		}
		if !told {
			s.waiting(notFound.Image)
		}
		select {
		case <-ctx.Done():
			return found, ctx.Err()
		case <-time.After(imagePause):
		}
	}
}
