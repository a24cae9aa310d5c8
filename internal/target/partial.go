package target

import (
	"fmt"

	"github.com/skycap/skycap/pkg/skycap"
)

// PartialError says that some kinds of targets were changed before another failed.
type PartialError struct {
	Changed []skycap.Target
	Failed  skycap.Target
	Err     error // of the one that failed
}

func (e *PartialError) Error() string {
	return fmt.Sprintf("%s: %v; changed before was %s", e.Failed, e.Err, e.names())
}

// Unwrap is the error of the target that failed.
func (e *PartialError) Unwrap() error { return e.Err }

func (e *PartialError) names() string {
	text := ""
	for i, kind := range e.Changed {
		if i > 0 {
			text += ", "
		}
		text += string(kind)
	}
	return text
}
