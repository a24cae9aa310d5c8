package hosts

import (
	"cmp"
	"fmt"
)

// HostError says that a step failed on a host.
type HostError struct {
	Service, Host, Step string
	Status              int
	Signal              string
	Cause               string   // in words; empty when the step said nothing
	Said                []string // what it wrote to stderr
	Journal             []string // what its unit wrote since

	cause error
}

func (e *HostError) Error() string {
	return fmt.Sprintf("host %q: %s: %s", e.Host, e.Step, e.words())
}

// words are the cause, with the last that the step said.
func (e *HostError) words() string {
	last := ""
	if len(e.Said) > 0 {
		last = e.Said[len(e.Said)-1]
	}
	text := e.Cause
	if text == "" && e.Signal != "" {
		text = "it was ended by signal " + e.Signal
	}
	switch {
	case text == "":
		return cmp.Or(last, fmt.Sprintf("it ended with exit status %d", e.Status))
	case last != "":
		return text + ": " + last
	}
	return text
}

// Unwrap is what failed, where that was not the step itself.
func (e *HostError) Unwrap() error { return e.cause }

// Fault is one thing that keeps a service from being deployed to a host.
type Fault struct {
	Service, Host string
	What          string // one sentence
	Fix           string // the next command to type, or what to change
}

func (f *Fault) Error() string {
	return fmt.Sprintf("host %q: service %q: %s", f.Host, f.Service, f.What)
}

// NotDeployedError says that a service has no release on its hosts.
type NotDeployedError struct{ Service, Environment string }

func (e *NotDeployedError) Error() string {
	return fmt.Sprintf("service %q is not deployed in environment %q", e.Service, e.Environment)
}
