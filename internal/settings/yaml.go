package settings

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of one file. The parser's time grows with the square of the lines and of the tokens, its
// stack with the depth, and aliases can make a small file stand for a huge one.
const (
	maxBytes  = 256 << 10
	maxLines  = 10_000
	maxTokens = 30_000
	maxDepth  = 50
	maxValues = 100_000
	maxKey    = 256
)

// parse returns the root of the file's one YAML document, nil when it is empty or has a fault.
func (d *document) parse(data []byte) *node {
	text, ok := d.text(data)
	if !ok {
		return nil
	}
	tokens := lexer.Tokenize(text)
	if !d.bounded(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return nil
	}
	body := d.body(file)
	if body == nil {
		return nil
	}
	return (&converter{document: d, anchors: map[string]*node{}}).node(body, "")
}

// text returns data as YAML sees it: without a byte order mark, with "\n" as the only line end.
func (d *document) text(data []byte) (string, bool) {
	if len(data) > maxBytes {
		d.misread("", "is %d KiB large; %d KiB is the most", len(data)>>10, maxBytes>>10)
		return "", false
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	if lines := strings.Count(text, "\n"); lines > maxLines {
		d.misread("", "is too long: %d lines, of which %d are the most", lines, maxLines)
		return "", false
	}
	return text, d.readable(text)
}

// readable reports whether a text has only the characters that YAML allows.
func (d *document) readable(text string) bool {
	line := 1
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r == '\n':
			line++
		case r == utf8.RuneError && size == 1:
			d.misreadAt(place{line, 1}, "", "is not UTF-8")
			return false
		case r < ' ' && r != '\t' || r == 0x7f || r == '\ufeff':
			d.misreadAt(place{line, 1}, "", "has the character %U, which YAML does not allow", r)
			return false
		}
		rest = rest[size:]
	}
	return true
}

// bounded reports whether the parser can be trusted with the tokens.
func (d *document) bounded(tokens token.Tokens) bool {
	if len(tokens) > maxTokens {
		d.misread("", "is too long: %d YAML tokens, of which %d are the most", len(tokens), maxTokens)
		return false
	}
	flow, columns := 0, []int{}
	for _, t := range tokens {
		column := t.Position.Column
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(flow-1, 0)
		case token.MappingValueType:
			if t.Prev != nil {
				column = t.Prev.Position.Column
			}
			fallthrough
		case token.SequenceEntryType, token.MappingKeyType:
			for len(columns) > 0 && columns[len(columns)-1] >= column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, column)
		}
		if flow+len(columns) > maxDepth {
			d.tooDeep(placeOf(t), "")
			return false
		}
	}
	return true
}

func (d *document) tooDeep(at place, path string) {
	d.misreadAt(at, path, "is nested more than %d levels deep", maxDepth)
}

// syntax reports an error of the parser.
func (d *document) syntax(err error) {
	var syntax *yaml.SyntaxError
	if !errors.As(err, &syntax) || syntax.Token == nil {
		d.misread("", "is not YAML: %v", err)
		return
	}
	message := "is not YAML: " + strings.ReplaceAll(syntax.Message, "\t", `\t`)
	switch {
	case strings.Contains(syntax.Message, "\t"):
		message = "is not YAML: a tab cannot indent, use spaces"
	case strings.Contains(syntax.Message, "flow map content"):
		message += "; a value that begins with {{ needs quotes"
	}
	d.misreadAt(placeOf(syntax.Token), "", "%s", message)
}

// body returns the root of the file's one document.
func (d *document) body(file *ast.File) ast.Node {
	var root ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		if root != nil {
			d.misreadAt(placeOf(doc.Body.GetToken()), "", "begins a second YAML document; only one is wanted")
			return nil
		}
		root = doc.Body
	}
	return root
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{1, 1}
	}
	return place{t.Position.Line, t.Position.Column}
}
