package action

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/internal/settings"
)

// imagePause is the time between two questions for an image that is still being built.
const imagePause = 2 * time.Second

// imagesAtOnce is how many images are asked for at the same time.
const imagesAtOnce = 16

// imageSearch asks for the images of one revision.
type imageSearch struct {
	find        func(ctx context.Context, repository, tag string) (image.Image, error)
	tag         string
	revision    revision.Revision
	demandLabel bool
	wait        time.Duration // how long images may take to appear
	worth       func() bool   // whether it is of use to wait, once that is known; nil where it always is
	now         func() time.Time
	waiting     func(text string) // is told what is waited for, whenever that changes
	warn        func(text string) // is told what else keeps an image away meanwhile

	found   map[string]image.Image // by repository
	missing map[string]error
	warned  map[string]bool // those of which warn was told
}

// all finds the images of services. Those that may be on their way are asked for again
// until they are there, or the time is over, or it is known that it's no use: those that
// may still come are then no fault. Came tells that some were waited for, and all have come.
func (s *imageSearch) all(ctx context.Context, services []settings.Placed) (came bool) {
	s.found, s.missing, s.warned = map[string]image.Image{}, map[string]error{}, map[string]bool{}
	for _, service := range services {
		for _, repository := range imagesOf(service) {
			s.missing[repository] = nil
		}
	}
	began := s.now()
	deadline := began.Add(s.wait)
	s.ask(ctx)
	if s.wait > 0 && s.mayCome() && s.worth != nil && !s.worth() {
		maps.DeleteFunc(s.missing, func(_ string, err error) bool { return mayCome(err) })
		return false
	}
	told := ""
	for s.mayCome() && s.now().Before(deadline) {
		if text := s.awaited(deadline); text != told {
			s.waiting(text)
			told = text
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(imagePause, deadline.Sub(s.now()))):
		}
		s.askUntil(ctx, deadline)
	}
	if told != "" {
		s.overdue(s.now().Sub(began))
	}
	return told != "" && len(s.missing) == 0
}

// askUntil asks for what is missing. What is not answered in time stays as it was.
func (s *imageSearch) askUntil(ctx context.Context, deadline time.Time) {
	limited, cancel := context.WithDeadline(ctx, deadline.Add(imagePause))
	defer cancel()
	before := maps.Clone(s.missing)
	s.ask(limited)
	for repository, err := range s.missing {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			s.missing[repository] = before[repository]
		}
	}
}

// ask asks for all that is missing, at once.
func (s *imageSearch) ask(ctx context.Context) {
	var mutex sync.Mutex
	work := errgroup.Group{}
	work.SetLimit(imagesAtOnce)
	for _, repository := range slices.Sorted(maps.Keys(s.missing)) {
		work.Go(func() error {
			found, err := s.find(ctx, repository, s.tag)
			if err == nil {
				err = image.Check(found, s.revision, s.demandLabel)
			}
			mutex.Lock()
			defer mutex.Unlock()
			if s.missing[repository] = err; err == nil {
				s.found[repository] = found
				delete(s.missing, repository)
			}
			return nil
		})
	}
	_ = work.Wait() // errors are kept for each image
}

// mayCome reports whether something is missing, and none of it for good.
func (s *imageSearch) mayCome() bool {
	for _, err := range s.missing {
		if !mayCome(err) {
			return false
		}
	}
	return len(s.missing) > 0
}

// mayCome tells what the CI pipeline, or time, can mend.
func mayCome(err error) bool {
	var notFound *image.NotFoundError
	var unreachable *image.UnreachableError
	var denied *image.DeniedError
	return errors.As(err, &notFound) || errors.As(err, &unreachable) || errors.As(err, &denied) && denied.LetIn
}

// awaited says what is waited for, and warns of what else is in the way.
func (s *imageSearch) awaited(deadline time.Time) string {
	var names []string
	for _, repository := range slices.Sorted(maps.Keys(s.missing)) {
		names = append(names, fmt.Sprintf("%q", repository+":"+s.tag))
		var notFound *image.NotFoundError
		err := s.missing[repository]
		isMore := !errors.As(err, &notFound)
		if isMore && !s.warned[repository] {
			s.warn(err.Error())
		}
		s.warned[repository] = isMore
	}
	count := "an image is"
	if len(names) > 1 {
		count = fmt.Sprintf("%d images are", len(names))
	}
	return fmt.Sprintf("%s not there yet, and looked for until %s: %s", count, deadline.Format(time.TimeOnly), strings.Join(names, ", "))
}

// overdue says of what was waited for that it was.
func (s *imageSearch) overdue(after time.Duration) {
	for repository, err := range s.missing {
		if mayCome(err) {
			s.missing[repository] = &image.OverdueError{Tag: s.tag, After: after.Round(time.Second), Err: err}
		}
	}
}

// faults joins why images are missing. What is wrong with all of them is told once.
func (s *imageSearch) faults() error {
	var faults []error
	told := map[string]bool{}
	for _, repository := range slices.Sorted(maps.Keys(s.missing)) {
		if err := s.missing[repository]; !told[err.Error()] {
			faults, told[err.Error()] = append(faults, err), true
		}
	}
	return errors.Join(faults...)
}
