package config

import (
	"regexp"
	"slices"
	"text/template"
	"text/template/parse"
)

// The functions that guard has templates call.
const (
	stepFunc  = "skycapStep"
	weighFunc = "skycapWeigh"
	showFunc  = "skycapShow"
)

// guard has a template call what counts its steps: text/template itself can't be
// stopped. Each round of a loop, and each call of a template, begins with such a call;
// what is compared, ranged over or put out goes through one.
func guard(parsed *template.Template) {
	for _, each := range parsed.Templates() {
		begin(each.Root, each.Root.Pos, loop{})
	}
}

// loop is what the innermost one calls a key, and its value, in what it ranges over.
type loop struct{ key, value string }

func loopOf(pipe *parse.PipeNode) loop {
	if len(pipe.Decl) != 2 { //nolint:mnd // a key and its value
		return loop{}
	}
	return loop{key: pipe.Decl[0].String(), value: pipe.Decl[1].String()}
}

// begin puts the call that takes a step before all else in a list.
func begin(list *parse.ListNode, at parse.Pos, in loop) {
	some := 1 + guardList(list, in)/stepNodes
	take := &parse.ActionNode{NodeType: parse.NodeAction, Pos: at, Pipe: piped(call(at, stepFunc, number(at, some)))}
	list.Nodes = append([]parse.Node{take}, list.Nodes...)
}

// guardList guards the nodes of a list, and returns how many there are in them, loops
// with those of one round.
func guardList(list *parse.ListNode, in loop) int {
	if list == nil {
		return 0
	}
	count := 0
	for _, node := range list.Nodes {
		count += 1 + guardNode(node, in)
	}
	return count
}

func guardNode(node parse.Node, in loop) int {
	switch node := node.(type) {
	case *parse.ActionNode:
		expression := shorten(node.Pipe.String())
		count := guardPipe(node.Pipe)
		if len(node.Pipe.Decl) == 0 {
			args := []parse.Node{text(node.Pos, expression)}
			if expression == in.value && in.value != "" {
				args = append(args, variable(node.Pos, in.key))
			}
			node.Pipe.Cmds = append(node.Pipe.Cmds, call(node.Pos, showFunc, args...))
		}
		return count
	case *parse.TemplateNode:
		return guardPipe(node.Pipe)
	case *parse.RangeNode:
		count := guardPipe(node.Pipe) + guardList(node.ElseList, in)
		all := &parse.PipeNode{NodeType: parse.NodePipe, Pos: node.Pipe.Pos, Cmds: node.Pipe.Cmds}
		node.Pipe.Cmds = []*parse.CommandNode{call(node.Pos, weighFunc, all)} // messages name the node before it
		begin(node.List, node.Pos, loopOf(node.Pipe))
		return count
	case *parse.IfNode:
		return guardBranch(&node.BranchNode, in)
	case *parse.WithNode:
		return guardBranch(&node.BranchNode, in)
	}
	return 0
}

func guardBranch(branch *parse.BranchNode, in loop) int {
	return guardPipe(branch.Pipe) + guardList(branch.List, in) + guardList(branch.ElseList, in)
}

// guardPipe has what is compared, or looked up, be weighed.
func guardPipe(pipe *parse.PipeNode) int {
	if pipe == nil {
		return 0
	}
	count := 0
	var commands []*parse.CommandNode
	for i, command := range pipe.Cmds {
		isWeighed := weighs(command.Args[0])
		if isWeighed && i > 0 {
			commands = append(commands, call(command.Pos, weighFunc))
		}
		commands = append(commands, command)
		for j, arg := range command.Args {
			count += 1 + guardArgument(arg)
			if isWeighed && j > 0 && arg.Type() != parse.NodeNil {
				command.Args[j] = piped(call(arg.Position(), weighFunc, arg))
			}
		}
	}
	pipe.Cmds = commands
	return count
}

// weighs reports whether a function takes longer, the longer a text it is given.
func weighs(function parse.Node) bool {
	name, ok := function.(*parse.IdentifierNode)
	return ok && slices.Contains([]string{"eq", "ne", "lt", "le", "gt", "ge", "index"}, name.Ident)
}

func guardArgument(node parse.Node) int {
	switch node := node.(type) {
	case *parse.PipeNode:
		return guardPipe(node)
	case *parse.ChainNode:
		return guardArgument(node.Node)
	}
	return 0
}

// call is a command that lies, for messages, where that does which it is for.
func call(at parse.Pos, function string, args ...parse.Node) *parse.CommandNode {
	name := parse.NewIdentifier(function).SetPos(at)
	return &parse.CommandNode{NodeType: parse.NodeCommand, Pos: at, Args: append([]parse.Node{name}, args...)}
}

func piped(command *parse.CommandNode) *parse.PipeNode {
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: command.Pos, Cmds: []*parse.CommandNode{command}}
}

func number(at parse.Pos, value int) parse.Node {
	return &parse.NumberNode{NodeType: parse.NodeNumber, Pos: at, IsInt: true, Int64: int64(value)}
}

func variable(at parse.Pos, name string) parse.Node {
	return &parse.VariableNode{NodeType: parse.NodeVariable, Pos: at, Ident: []string{name}}
}

func text(at parse.Pos, value string) parse.Node {
	return &parse.StringNode{NodeType: parse.NodeString, Pos: at, Text: value}
}

// mark matches what guard puts into an expression, and else what its end could be taken
// for or that stands in quotes.
var mark = regexp.MustCompile("`[^`]*`" + `|"(?:\\.|[^"\\])*"|'(?:\\.[^']*|[^\\])'|\(` + weighFunc + ` | \| ` + weighFunc + `| \| ` + showFunc + ` |[()]`)

// unguarded is a message of a template as it was before guard.
func unguarded(message string) string {
	var isOurs []bool // of the parentheses that are open
	return mark.ReplaceAllStringFunc(message, func(found string) string {
		switch last := len(isOurs) - 1; {
		case found == "("+weighFunc+" ":
			isOurs = append(isOurs, true)
			return ""
		case found == " | "+weighFunc, found == " | "+showFunc+" ":
			return ""
		case found == "(":
			isOurs = append(isOurs, false)
		case found == ")" && last >= 0:
			ours := isOurs[last]
			isOurs = isOurs[:last]
			if ours {
				return ""
			}
		}
		return found
	})
}
