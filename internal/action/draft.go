package action

import (
	"context"
	"fmt"
	"time"

	"github.com/skycap/skycap/internal/revision"
)

// phaseTimeout bounds how long a deploy waits to learn whether others have its revision.
const phaseTimeout = time.Second

// warnOfDraft warns before a revision that others may not have comes into a protected
// environment: whoever deploys next may not have it to go on from.
func (o *Operator) warnOfDraft(ctx context.Context, s *source) {
	if !s.environment.Protected {
		return
	}
	limited, cancel := context.WithTimeout(ctx, phaseTimeout)
	defer cancel()
	phase, err := s.repository.Phase(limited, s.revision)
	switch {
	case err != nil:
		o.Report.Debug(fmt.Sprintf("whether others have revision %s was not found out: %v", s.revision.Short(), err))
	case phase == revision.Draft || phase == revision.Secret:
		o.Report.Warning(fmt.Sprintf("revision %s is %s: others may not have it, and it may still be rewritten; environment %q is protected",
			s.revision.Short(), reach(s.repository.Kind(), phase), s.environment.Name))
	}
}

// reach is a phase in the words of a kind of repository.
func reach(kind string, phase revision.Phase) string {
	if kind == revision.Git {
		return "on no branch of a remote"
	}
	return string(phase)
}
