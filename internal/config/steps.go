package config

import (
	"context"
	"fmt"
)

// maxSteps is how much of what takes a step one file may take: rounds of loops, calls of
// templates, stepNodes of the tree that either evaluates, keys that are sorted, and
// stepBytes of the texts that functions make or compare. A moment's work, and more than 900 KiB of output have any use for.
const (
	maxSteps  = 1_000_000
	stepNodes = 3
	stepBytes = 1000
)

// steps are those that a template has left, until its context ends.
type steps struct {
	ctx  context.Context //nolint:containedctx // the functions of a template get no other
	left int
}

// haltError ends a template.
type haltError struct{ why string }

func (e *haltError) Error() string { return e.why }

var (
	errEndless = &haltError{fmt.Sprintf("the template takes more than %d steps, as if it had no end", maxSteps)}
	errTooLong = &haltError{fmt.Sprintf("the template's output is over %d bytes (900 KiB)", MaxFileSize)}
)

func (s *steps) take(some int) error {
	if s.left -= some; s.left < 0 {
		return errEndless
	}
	return s.ctx.Err()
}

// step takes those of one round of a loop, or of one call of a template. It puts out nothing.
func (s *steps) step(some int) (string, error) { return "", s.take(some) }

// weigh takes those that it is worth to compare a value, or to range over it.
func (s *steps) weigh(value any) (any, error) { return value, s.take(weightOf(value)) }

// show takes those that it is worth to put out a value, the last of some, and refuses
// null. If there is one before, it is the value's key in what a loop ranges over.
func (s *steps) show(expression string, some ...any) (any, error) {
	value := some[len(some)-1]
	size := measure(value)
	if size.isNull {
		return nil, nullShown(expression, some[:len(some)-1], value)
	}
	return value, s.makes(size.length, size)
}

// makes takes those of a text that is made of something, and refuses one that is longer
// than a file.
func (s *steps) makes(length int, of size) error {
	if length > MaxFileSize {
		return errTooLong
	}
	return s.take(length/stepBytes + of.values/stepNodes)
}

// made is a text that a function has made, if it is no longer than a file. What it is
// longer than foreseen takes steps too.
func (s *steps) made(text string, foreseen int) (string, error) {
	if len(text) > MaxFileSize {
		return "", errTooLong
	}
	return text, s.take(max(len(text)-foreseen, 0) / stepBytes)
}
