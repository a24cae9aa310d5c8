// Package run is the one seam between skycap and other programs.
//
// What to run is a value, [Command], that tests compare and that prints as one
// could paste it into a shell. Running it is the one method of [Runner].
package run

import (
	"context"
	"io"
	"regexp"
	"strings"
	"time"
)

// DefaultTimeout ends a program whose Command names no Timeout.
const DefaultTimeout = 2 * time.Minute

// Command is a program to start. Its arguments are a list: no shell reads them.
type Command struct {
	Name    string
	Args    []string
	Env     []string // NAME=value, added to our own environment
	Without []string // names of variables of our own that it doesn't get; one that ends in * stands for all that begin so
	Dir     string
	Stdin   io.Reader // nil means closed, so that no program can ask
	Stdout  io.Writer
	Stderr  io.Writer
	Timeout time.Duration // DefaultTimeout when zero

	// Foreground leaves the program in our own process group, so that it may read
	// from the terminal and gets Ctrl-C itself. It ends with its context all the same.
	Foreground bool
}

// Runner runs a command to its end. It returns nil for exit status 0, and else
// a [*NotFoundError] or an [*ExitError]; the context's error comes first.
type Runner interface {
	Run(ctx context.Context, command Command) error
}

// Func makes a Runner of a function.
type Func func(ctx context.Context, command Command) error

// Run calls f.
func (f Func) Run(ctx context.Context, command Command) error { return f(ctx, command) }

// String is the command line as a POSIX shell would read it.
func (c Command) String() string {
	words := make([]string, 0, len(c.Args)+1)
	for _, word := range append([]string{c.Name}, c.Args...) {
		words = append(words, quote(word))
	}
	return strings.Join(words, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

func quote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
