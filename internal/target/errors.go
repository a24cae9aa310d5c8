package target

import (
	"fmt"
	"time"
)

// LockedError says that somebody else is at work on a service.
type LockedError struct {
	Service, Environment string
	Holder               Holder
	Heartbeat            time.Duration // how long ago the holder was heard of
}

func (e *LockedError) Error() string {
	text := fmt.Sprintf("service %q in environment %q is locked by %q since %s (%s; last heartbeat %s ago)",
		e.Service, e.Environment, e.Holder.Who, e.Holder.Since.UTC().Format(time.RFC3339), e.Holder.Command, e.Heartbeat.Round(time.Second))
	if e.Holder.Job != "" {
		text += ": " + e.Holder.Job
	}
	return text
}

// LostError says that a lock was lost while it was needed.
type LostError struct {
	Service, Environment string
	To                   string // who has it now; empty when nobody has
}

func (e *LostError) Error() string {
	text := fmt.Sprintf("the lock of service %q in environment %q was lost", e.Service, e.Environment)
	if e.To != "" {
		text += fmt.Sprintf(" to %q", e.To)
	}
	return text
}

// FrozenError says that somebody forbade changes.
type FrozenError struct {
	Environment string
	Who, Why    string
	Since       time.Time
}

func (e *FrozenError) Error() string {
	return fmt.Sprintf("environment %q is frozen by %q since %s: %s", e.Environment, e.Who, e.Since.UTC().Format(time.RFC3339), e.Why)
}

// JobError says that a job of a deploy failed.
type JobError struct {
	Service, Job string
	Phase        Phase
	Cause        string   // one sentence
	Evidence     []string // its last lines, and more
}

func (e *JobError) Error() string {
	return fmt.Sprintf("%s job %q of service %q failed: %s", e.Phase, e.Job, e.Service, e.Cause)
}

// NoInstanceError says that there is no instance of a service to run a command in.
type NoInstanceError struct {
	Service, Environment string
	Instance             string   // that was asked for; empty for any that is ready
	Known                []string // those that run
}

func (e *NoInstanceError) Error() string {
	if e.Instance != "" {
		return fmt.Sprintf("service %q has no instance %q that runs in environment %q", e.Service, e.Instance, e.Environment)
	}
	return fmt.Sprintf("service %q has no instance that is ready in environment %q", e.Service, e.Environment)
}
