package builder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/skycap/skycap/internal/run"
)

// kinds are the builders that are known, the first that works is taken.
func kinds() []kind { return []kind{docker{}, buildah{}, buildctl{}} }

// Names are those of all builders that are known.
func Names() []string {
	var names []string
	for _, known := range kinds() {
		names = append(names, known.Name())
	}
	return names
}

// Find looks for a builder that works, or for the one of that name. The
// error is a *NoneError.
func Find(ctx context.Context, runner run.Runner, name string) (*Builder, error) {
	none := &NoneError{}
	for _, known := range kinds() {
		if name != "" && name != known.Name() {
			continue
		}
		why, err := whyNot(ctx, runner, known)
		if err != nil {
			return nil, err
		}
		if why == "" {
			return &Builder{kind: known, runner: runner}, nil
		}
		none.Tried = append(none.Tried, Tried{Name: known.Name(), Why: why})
	}
	return nil, none
}

// whyNot is why a builder doesn't work; empty when it does.
func whyNot(ctx context.Context, runner run.Runner, known kind) (string, error) {
	if _, err := run.Find(known.Name()); err != nil {
		return "not on PATH", nil //nolint:nilerr // that is the answer
	}
	ask := known.ping()
	if ask.Name == "" {
		return "", nil
	}
	ask.Timeout = askTimeout
	err := runner.Run(ctx, ask)
	var exit *run.ExitError
	var late *run.TimeoutError
	switch {
	case errors.As(err, &exit):
		first, _, _ := strings.Cut(exit.Stderr, "\n")
		return first, nil
	case errors.As(err, &late):
		return fmt.Sprintf("no answer within %s", late.After), nil
	}
	return "", err
}

// Tried is a builder that doesn't work here.
type Tried struct{ Name, Why string }

// NoneError says that no builder was found.
type NoneError struct{ Tried []Tried }

func (e *NoneError) Error() string {
	var each []string
	for _, tried := range e.Tried {
		each = append(each, fmt.Sprintf("%s (%s)", tried.Name, tried.Why))
	}
	return "no program that builds images was found; looked for " + strings.Join(each, ", ")
}

// Missing tells whether a builder is not installed at all.
func (e *NoneError) Missing(name string) bool {
	return slices.Contains(e.Tried, Tried{Name: name, Why: "not on PATH"})
}
