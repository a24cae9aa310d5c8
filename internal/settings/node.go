package settings

import (
	"fmt"
	"math"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A kind says what a node is, in the words of a fault.
type kind string

const (
	kindNull    kind = "empty"
	kindBool    kind = "the boolean"
	kindNumber  kind = "the number"
	kindText    kind = "the string"
	kindList    kind = "a list"
	kindMapping kind = "a mapping"
)

// A node is one YAML value. An alias is the node of its anchor, so that nodes may be shared.
type node struct {
	kind    kind
	at      place
	text    string  // of a scalar, as it is written
	value   any     // of a scalar: nil, bool, int, uint64, float64 or string
	items   []*node // of a list
	entries []entry // of a mapping
	depth   int     // levels of lists and mappings, this one included
}

type entry struct {
	key   string
	at    place // of the key
	value *node
}

// String says what the node is.
func (n *node) String() string {
	switch n.kind {
	case kindBool, kindNumber:
		return fmt.Sprintf("%s %s", n.kind, n.text)
	case kindText:
		return fmt.Sprintf("%s %q", n.kind, n.text)
	}
	return string(n.kind)
}

func (n *node) scalar() bool { return n.kind != kindList && n.kind != kindMapping }

// entry returns the entry of a key.
func (n *node) entry(key string) (entry, bool) {
	for _, e := range n.entries {
		if e.key == key {
			return e, true
		}
	}
	return entry{}, false
}

// A converter turns the parser's tree into nodes.
type converter struct {
	*document
	anchors map[string]*node // those whose node is complete: no alias can reach into itself
}

func (c *converter) node(from ast.Node, path string) *node {
	at := place{1, 1}
	if from != nil {
		at = placeOf(from.GetToken())
	}
	switch from := from.(type) {
	case *ast.MappingNode:
		return c.mapping(from.Values, at, path)
	case *ast.MappingValueNode:
		return c.mapping([]*ast.MappingValueNode{from}, at, path)
	case *ast.SequenceNode:
		return c.list(from, at, path)
	case *ast.AnchorNode:
		n := c.node(from.Value, path)
		c.anchors[from.Name.GetToken().Value] = n
		return n
	case *ast.AliasNode:
		name := from.Value.GetToken().Value
		if n, ok := c.anchors[name]; ok {
			return n
		}
		c.misreadAt(at, path, "alias %q has no anchor before it", name)
	case *ast.TagNode:
		return c.tagged(from, at, path)
	case *ast.LiteralNode:
		return &node{kind: kindText, at: at, text: from.Value.Value, value: from.Value.Value}
	case ast.ScalarNode:
		return c.scalar(from, at, path)
	case nil:
	default:
		c.misreadAt(at, path, "is YAML that is not supported here")
	}
	return &node{kind: kindNull, at: at}
}

func (c *converter) scalar(from ast.ScalarNode, at place, path string) *node {
	n := &node{at: at, text: from.GetToken().Value, value: from.GetValue()}
	switch value := n.value.(type) {
	case nil:
		n.kind = kindNull
	case bool:
		n.kind = kindBool
	case string:
		n.kind, n.text = kindText, value
	case int64:
		n.kind, n.value = kindNumber, int(value)
	case uint64:
		n.kind = kindNumber
		if value <= math.MaxInt {
			n.value = int(value)
		}
	case float64:
		n.kind = kindNumber
	default:
		n.kind = kindNull
		c.misreadAt(at, path, "is YAML that is not supported here")
	}
	return n
}

// tagged allows the tags of YAML's own types, of which only !!str changes anything.
func (c *converter) tagged(from *ast.TagNode, at place, path string) *node {
	n := c.node(from.Value, path)
	tag := from.GetToken().Value
	fits := map[string]bool{
		"!!str":   n.scalar(),
		"!!int":   n.kind == kindNumber,
		"!!float": n.kind == kindNumber,
		"!!bool":  n.kind == kindBool,
		"!!null":  n.kind == kindNull,
		"!!seq":   n.kind == kindList,
		"!!map":   n.kind == kindMapping,
	}
	switch allowed, known := fits[tag]; {
	case !known:
		c.misreadAt(at, path, "tag %q is not supported", tag)
	case !allowed:
		c.misreadAt(at, path, "tag %q does not fit: the value is %s", tag, n)
	case tag == "!!str" && n.kind != kindText:
		return &node{kind: kindText, at: at, text: n.text, value: n.text}
	}
	return n
}

func (c *converter) list(from *ast.SequenceNode, at place, path string) *node {
	n := &node{kind: kindList, at: at}
	for i, value := range from.Values {
		element := c.node(value, item(path, i))
		n.items = append(n.items, element)
		n.depth = max(n.depth, element.depth)
	}
	return c.deepen(n, path)
}

func (c *converter) mapping(values []*ast.MappingValueNode, at place, path string) *node {
	n := &node{kind: kindMapping, at: at}
	lines := map[string]int{}
	var merges []*node
	for _, pair := range values {
		if pair.Key.IsMergeKey() {
			merges = append(merges, c.node(pair.Value, join(path, "<<")))
			continue
		}
		key, at := c.key(pair.Key, path)
		value := c.node(pair.Value, join(path, key))
		if first, twice := lines[key]; twice {
			c.report(at, join(path, key), fmt.Sprintf("duplicate key %q; line %d has it first", key, first), "")
			continue
		}
		lines[key] = at.line
		n.entries = append(n.entries, entry{key, at, value})
		n.depth = max(n.depth, value.depth)
	}
	for _, from := range merges {
		c.merge(n, from, lines, path)
	}
	if len(n.entries) > 0 {
		n.at = n.entries[0].at
	}
	return c.deepen(n, path)
}

// key returns the text of a mapping's key.
func (c *converter) key(from ast.Node, path string) (string, place) {
	if explicit, ok := from.(*ast.MappingKeyNode); ok {
		from = explicit.Value
	}
	n := c.node(from, path)
	at := placeOf(from.GetToken())
	switch {
	case !n.scalar():
		c.misreadAt(at, path, "a key is %s, want a word", n)
	case len(n.text) > maxKey:
		c.misreadAt(at, path, "a key is %d bytes long; %d are the most", len(n.text), maxKey)
		return n.text[:maxKey], at
	}
	return n.text, at
}

// merge adds the entries of a merge key (<<) that the mapping has not set itself.
func (c *converter) merge(into, from *node, lines map[string]int, path string) {
	switch from.kind {
	case kindMapping:
		for _, e := range from.entries {
			if _, set := lines[e.key]; !set && c.spend(e.at, path) {
				lines[e.key] = e.at.line
				into.entries = append(into.entries, e)
				into.depth = max(into.depth, e.value.depth)
			}
		}
	case kindList:
		for _, element := range from.items {
			c.merge(into, element, lines, path)
		}
	default:
		c.misreadAt(from.at, join(path, "<<"), "is %s, want a mapping or a list of them", from)
	}
}

// deepen counts one level more, and cuts what has too many: aliases can stack what the file shows flat.
func (c *converter) deepen(n *node, path string) *node {
	n.depth++
	if n.depth > maxDepth {
		c.tooDeep(n.at, strings.TrimSuffix(path, "."))
		return &node{kind: kindNull, at: n.at}
	}
	return n
}
