package config

import (
	"bytes"
	"fmt"
	"text/template"
	"text/template/parse"
)

// maxSteps is how many rounds of loops and calls of templates one file may take, and
// texts of stepBytes that its functions make: a moment's work, and more than 900 KiB of
// output have any use for.
const (
	maxSteps  = 1_000_000
	stepBytes = 1000
)

// stepFunc is the function that countSteps has templates call.
const stepFunc = "skycapStep"

// steps are those that a template has left.
type steps int

// take takes one. The line is that of the loop, or of the template that is called.
func (s *steps) take(line int) (string, error) {
	if *s--; *s < 0 {
		return "", &stepsError{line}
	}
	return "", nil
}

// makes takes those that a text is worth, and refuses one that is longer than a file.
func (s *steps) makes(text string) (string, error) {
	if len(text) > MaxFileSize {
		return "", errTooLong
	}
	if *s -= steps(len(text) / stepBytes); *s < 0 {
		return "", &stepsError{}
	}
	return text, nil
}

// stepsError says that a template seems to have no end.
type stepsError struct{ line int } // 0 where the error that it is within has it

func (*stepsError) Error() string {
	return fmt.Sprintf("the template takes more than %d steps, as if it had no end", maxSteps)
}

// countSteps has each round of a loop, and each call of a template, take a step:
// text/template itself can't be stopped.
func countSteps(parsed *template.Template, text []byte) error {
	for _, each := range parsed.Templates() {
		if err := countIn(each.Root, text); err != nil {
			return err
		}
		if err := prepend(each.Root, lineOf(text, each.Root.Pos)); err != nil {
			return err
		}
	}
	return nil
}

// countIn finds the loops at or below a node.
func countIn(node parse.Node, text []byte) error {
	switch node := node.(type) {
	case *parse.ListNode:
		if node == nil {
			return nil
		}
		for _, below := range node.Nodes {
			if err := countIn(below, text); err != nil {
				return err
			}
		}
	case *parse.RangeNode:
		if err := countBoth(&node.BranchNode, text); err != nil {
			return err
		}
		return prepend(node.List, lineOf(text, node.Pos))
	case *parse.IfNode:
		return countBoth(&node.BranchNode, text)
	case *parse.WithNode:
		return countBoth(&node.BranchNode, text)
	}
	return nil
}

func countBoth(branch *parse.BranchNode, text []byte) error {
	if err := countIn(branch.List, text); err != nil {
		return err
	}
	return countIn(branch.ElseList, text)
}

// prepend puts the call that takes a step before all else in a list.
func prepend(list *parse.ListNode, line int) error {
	call := fmt.Sprintf("{{%s %d}}", stepFunc, line)
	trees, err := parse.Parse("", call, "", "", map[string]any{stepFunc: (*steps).take})
	if err != nil {
		return err
	}
	list.Nodes = append(trees[""].Root.Nodes, list.Nodes...)
	return nil
}

func lineOf(text []byte, at parse.Pos) int { return 1 + bytes.Count(text[:at], []byte("\n")) }

// boundedFuncs are the functions of text/template whose result can be longer than what
// they are given, such that it can't be longer than a file.
func (s *steps) boundedFuncs() template.FuncMap {
	funcs := template.FuncMap{}
	for name, make := range map[string]func(...any) string{
		"print": fmt.Sprint, "println": fmt.Sprintln,
		"html": template.HTMLEscaper, "js": template.JSEscaper, "urlquery": template.URLQueryEscaper,
	} {
		funcs[name] = func(values ...any) (string, error) { return s.makes(make(values...)) }
	}
	funcs["printf"] = func(format string, values ...any) (string, error) {
		return s.makes(fmt.Sprintf(format, values...))
	}
	return funcs
}
