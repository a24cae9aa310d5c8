package kubernetes

import (
	"context"
	"errors"

	"github.com/skycap/skycap/internal/target"
	"github.com/skycap/skycap/pkg/skycap"
)

var errNotYet = errors.New("this version can't do that in Kubernetes")

// Stop is not there yet.
func (n *Namespace) Stop(context.Context, []string) error { return errNotYet }

// Start is not there yet.
func (n *Namespace) Start(context.Context, []string, target.Watch) error { return errNotYet }

// Logs is not there yet.
func (n *Namespace) Logs(context.Context, []string, target.LogOptions, target.Log) error {
	return errNotYet
}

// Exec is not there yet.
func (n *Namespace) Exec(context.Context, string, target.Execution) (int, error) {
	return 0, errNotYet
}

// Examine is not there yet.
func (n *Namespace) Examine(context.Context, []string) []skycap.Check { return nil }
