package run

import (
	"fmt"
	"time"
)

// NotFoundError says that a program is not installed, or not on PATH.
type NotFoundError struct {
	Name string
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("program %q was not found on PATH", e.Name)
}

// ExitError says that a program ended with another status than 0. Stderr is
// the end of what it wrote there, for commands that gave no writer of their own.
type ExitError struct {
	Command Command
	Code    int    // 128 and its number when a signal ended it, as shells say it
	Signal  string // that ended it, "killed"; empty when none did
	Stderr  string
}

func (e *ExitError) Error() string {
	text := fmt.Sprintf("%q %s", e.Command, e.How())
	if e.Stderr != "" {
		text += ": " + e.Stderr
	}
	return text
}

// How says how it ended.
func (e *ExitError) How() string {
	if e.Signal != "" {
		return "was ended by a signal: " + e.Signal
	}
	return fmt.Sprintf("ended with exit status %d", e.Code)
}

// TimeoutError says that a program was stopped since it took too long.
type TimeoutError struct {
	Command Command
	After   time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%q did not end within %s", e.Command, e.After)
}
