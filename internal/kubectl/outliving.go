package kubectl

import (
	"context"
	"time"
)

// writeTime is how long a write may take that was begun before its command was interrupted.
const writeTime = 5 * time.Second

// Outliving is a context that lasts for a moment longer than another one, which
// is what a write takes: one that was given up could be done all the same, later.
func Outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	outlives, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-outlives.Done():
		case <-time.After(writeTime):
			cancel()
		}
	})
	return outlives, func() { stop(); cancel() }
}
