package target

import (
	"fmt"

	"github.com/skycap/skycap/pkg/skycap"
)

// PartialError says that one kind of target was changed before another failed.
type PartialError struct {
	Changed, Failed skycap.Target
	Err             error // of the one that failed
}

func (e *PartialError) Error() string {
	return fmt.Sprintf("%s was changed, %s was not: %v", e.Changed, e.Failed, e.Err)
}

// Unwrap is the error of the target that failed.
func (e *PartialError) Unwrap() error { return e.Err }
