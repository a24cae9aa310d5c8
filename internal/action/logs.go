package action

import (
	"context"

	"github.com/skycap/skycap/internal/target"
)

// Logs hands over the lines of all instances of services.
func (o *Operator) Logs(ctx context.Context, environment string, services []string, options target.LogOptions, log target.Log) error {
	operable, err := o.operable(environment, services)
	if err != nil {
		return err
	}
	return o.at(ctx, environment, func(place target.Target) error {
		return place.Logs(ctx, names(operable), options, log)
	})
}

// Exec runs a command in an instance of a service, or in all, and returns its
// exit status.
func (o *Operator) Exec(ctx context.Context, environment, service string, command target.Execution) (status int, err error) {
	if _, err := o.operable(environment, []string{service}); err != nil {
		return 0, err
	}
	err = o.at(ctx, environment, func(place target.Target) (err error) {
		status, err = place.Exec(ctx, service, command)
		return err
	})
	return status, err
}
