package example

import (
	"context"
	"errors"
	"fmt"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/image"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// EnsureImages builds the image of each changeset that has none: of a new
// repository, and of commits whose build was cut off. A commit that doesn't build is
// its author's affair, as it was when the hook said so: the lab comes up without.
func EnsureImages(ctx context.Context, dir state.Dir, s state.Settings) (outcome string, err error) {
	b := Builder{Dir: dir, Settings: s, Repository: dir.Repository()}
	changesets, err := repository(b.Repository).changesets(ctx)
	if err != nil {
		return "", err
	}
	var built, broken int
	for _, node := range changesets {
		digest, err := image.Digest(ctx, b.reference(node))
		if err != nil {
			return "", err
		}
		if digest != "" {
			continue
		}
		_, err = b.Build(ctx, node)
		var failed *process.RunError
		switch {
		case err == nil:
			built++
		case errors.As(err, &failed) && ctx.Err() == nil:
			broken++
		default:
			return "", err
		}
	}
	outcome = fmt.Sprintf("%d commits, %d images built", len(changesets), built)
	if broken > 0 {
		outcome += fmt.Sprintf(", %d commits don't build", broken)
	}
	return outcome, nil
}
