package kubectl

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// For how long what fails for a moment is tried again, from the first try on:
// what changes something has begun a deploy, which is worth more patience.
const (
	readPatience  = 10 * time.Second
	writePatience = 30 * time.Second
)

// The pause before the second try is doubled each time, up to a limit.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 8 * time.Second
)

// persist tries again what failed for a reason that may pass, until patience is
// over or the context ends. The first such failure is told, in one line. What is
// tried must do no harm when it is done twice: an answer may be lost on its way.
func persist(ctx context.Context, patience time.Duration, tell func(string), try func() error) error {
	deadline := time.Now().Add(patience)
	for tries, pause := 1, firstPause; ; tries, pause = tries+1, min(2*pause, longestPause) {
		err := try()
		var failure *Error
		if !errors.As(err, &failure) {
			return err
		}
		failure.Tries = tries
		wait := max(pause, failure.RetryAfter)
		if !failure.MayPass() || ctx.Err() != nil || time.Now().Add(wait).After(deadline) {
			return err
		}
		if tries == 1 {
			tell(fmt.Sprintf("trying again for up to %s: %s", patience, inOneLine(failure.Error())))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

// inOneLine is the first line of a text, and how many more there are.
func inOneLine(text string) string {
	first, rest, more := strings.Cut(text, "\n")
	if !more {
		return first
	}
	return fmt.Sprintf("%s (and %d more)", first, strings.Count(rest, "\n")+1)
}

// Persist has what goes through the proxy tried again while it fails for a reason
// that may pass. What is tried must do no harm when it is done twice.
func (p *Proxy) Persist(ctx context.Context, try func() error) error {
	return p.persist(ctx, writePatience, try)
}

// persist tells of an outage once, however many requests it hits.
func (p *Proxy) persist(ctx context.Context, patience time.Duration, try func() error) error {
	tell := func(text string) {
		if !p.troubled.Swap(true) {
			tell(p.kubectl.Warn, text)
		}
	}
	err := persist(ctx, patience, tell, try)
	if err == nil {
		p.troubled.Store(false)
	}
	return err
}
