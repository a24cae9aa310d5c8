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
	Code    int // -1 when a signal ended it
	Stderr  string
}

func (e *ExitError) Error() string {
	text := fmt.Sprintf("%q ended with exit status %d", e.Command, e.Code)
	if e.Stderr != "" {
		text += ": " + e.Stderr
	}
	return text
}

// TimeoutError says that a program was stopped since it took too long.
type TimeoutError struct {
	Command Command
	After   time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%q did not end within %s", e.Command, e.After)
}
