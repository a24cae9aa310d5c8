package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
)

// source is what only the text of the package tells: comments and constants.
type source struct {
	comments *jsonschema.Reflector // by type and field
	values   map[string][]any      // of the constants of a type
}

// readSource reads the package in the working folder.
func readSource() (*source, error) {
	s := &source{comments: &jsonschema.Reflector{}, values: map[string][]any{}}
	if err := s.comments.AddGoComments(packagePath, ".", jsonschema.WithFullComment()); err != nil {
		return nil, err
	}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, s.readConstant)
	}
	return s, nil
}

// readConstant keeps the value of a string constant that has a type of its own.
func (s *source) readConstant(node ast.Node) bool {
	constant, ok := node.(*ast.ValueSpec)
	if !ok || len(constant.Values) != 1 {
		return true
	}
	of, typed := constant.Type.(*ast.Ident)
	literal, isLiteral := constant.Values[0].(*ast.BasicLit)
	if !typed || !isLiteral || literal.Kind != token.STRING {
		return true
	}
	if value, err := strconv.Unquote(literal.Value); err == nil {
		s.values[of.Name] = append(s.values[of.Name], value)
	}
	return true
}

// enum is the schema of a type that has constants, else nil.
func (s *source) enum(t reflect.Type) *jsonschema.Schema {
	values := s.values[t.Name()]
	if !ours(t) || len(values) == 0 {
		return nil
	}
	return &jsonschema.Schema{Type: "string", Enum: append([]any{}, values...)}
}

// comment is that of a field or, with an empty name, of a type. It is one line.
// A field that has none has that of its type.
func (s *source) comment(t reflect.Type, field string) string {
	name := t.PkgPath() + "." + t.Name()
	if field != "" {
		name += "." + field
	}
	comment := s.comments.CommentMap[name]
	if comment == "" && field != "" {
		if of, _ := t.FieldByName(field); of.Type != nil && ours(of.Type) {
			return s.comment(of.Type, "")
		}
	}
	return strings.ReplaceAll(comment, "\n", " ")
}
