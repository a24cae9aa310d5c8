package noise

import (
	"fmt"
	"slices"
	"strings"
)

// Rule tells what kubectl says by families. It is about entries of klog where it
// has Files, and about lines else. Upper and lower case are the same to it.
type Rule struct {
	ID        string   `json:"id"`
	Reason    string   `json:"reason"`              // why it may be held, for people
	Class     Class    `json:"class,omitempty"`     // Noise when empty
	Files     []string `json:"files,omitempty"`     // source files, as klog names them
	Severity  string   `json:"severity,omitempty"`  // of klog, letters of IWE; all when empty
	Begins    []string `json:"begins,omitempty"`    // the text begins with one of these
	Has       []string `json:"has,omitempty"`       // the text has one of these
	Continues []string `json:"continues,omitempty"` // lines without a header that belong to the entry before
	Examples  []string `json:"examples,omitempty"`  // texts that it is about
}

// EmptyList is the rule about what kubectl says where a list has nothing to show.
const EmptyList = "empty-list"

// RuleError is a rule that can't be.
type RuleError struct {
	ID, Problem string
}

func (e *RuleError) Error() string { return fmt.Sprintf("rule %q %s", e.ID, e.Problem) }

// isOptional reports whether users may do without a rule: errors stay errors.
func (r *Rule) isOptional() bool { return r.Class == "" || r.Class == Noise || r.Class == Warning }

// shortestBeginning is how much of a line a user's rule must know, in bytes: else
// it would hide what nobody meant.
const shortestBeginning = 4

// check finds what is wrong with a user's rule.
func (r *Rule) check(others []Rule) error {
	isShort := func(text string) bool { return len(text) < shortestBeginning }
	switch {
	case r.ID == "":
		return &RuleError{r.ID, "needs an id"}
	case slices.ContainsFunc(others, func(other Rule) bool { return other.ID == r.ID }):
		return &RuleError{r.ID, "is there already: choose another id"}
	case !r.isOptional():
		return &RuleError{r.ID, fmt.Sprintf("has class %q; it must be noise or warning", r.Class)}
	case strings.Trim(r.Severity, "IWE") != "":
		return &RuleError{r.ID, fmt.Sprintf("has severity %q; it must be of the letters I, W and E", r.Severity)}
	case len(r.Files) == 0 && len(r.Begins) == 0:
		return &RuleError{r.ID, "needs files, of entries of klog, or begins, of other lines"}
	case slices.ContainsFunc(r.Begins, isShort), slices.ContainsFunc(r.Continues, isShort), slices.Contains(r.Has, ""):
		return &RuleError{r.ID, fmt.Sprintf("is about too much: begins and continues must have at least %d letters, has at least one", shortestBeginning)}
	}
	return r.tryExamples()
}

// tryExamples has a rule judge its examples.
func (r *Rule) tryExamples() error {
	rules := Make([]Rule{*r})
	for _, example := range r.Examples {
		if rules.Match([]byte(example)) == nil {
			return &RuleError{r.ID, fmt.Sprintf("is not about its example %q", example)}
		}
	}
	return nil
}

func lowered(rule Rule) *Rule {
	small := func(texts []string) []string {
		made := make([]string, len(texts))
		for i, text := range texts {
			made[i] = strings.ToLower(text)
		}
		return made
	}
	rule.Begins, rule.Has, rule.Continues = small(rule.Begins), small(rule.Has), small(rule.Continues)
	return &rule
}

// about reports whether a rule is about a text with a subject.
func (r *Rule) about(text, subject []byte) bool {
	return (len(r.Begins) == 0 || r.begins(subject)) && (len(r.Has) == 0 || r.has(text))
}

func (r *Rule) begins(text []byte) bool {
	for _, part := range r.Begins {
		if foldPrefix(text, part) {
			return true
		}
	}
	return false
}

func (r *Rule) has(text []byte) bool {
	for _, part := range r.Has {
		if foldContains(text, part) {
			return true
		}
	}
	return false
}

func (r *Rule) hasSeverity(severity byte) bool {
	return severity != 'F' && (r.Severity == "" || strings.IndexByte(r.Severity, severity) >= 0)
}
