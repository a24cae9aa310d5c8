package noise

import (
	"bytes"
	_ "embed"
	"errors"
	"slices"
	"sync"

	"sigs.k8s.io/yaml"
)

// Class is what a record is.
type Class string

// The classes.
const (
	Noise     Class = "noise"     // says nothing when the command succeeds
	Warning   Class = "warning"   // is shown once
	Transient Class = "transient" // tells of a failure that may pass
	Error     Class = "error"     // tells of a failure
	Progress  Class = "progress"  // anything else
)

// Rules are ready to be asked. They don't change.
type Rules struct {
	entries   map[string][]*Rule // by the file in klog's header
	lines     [256][]*Rule       // by the first byte of what a line begins with, in small letters: errors, noise, warnings
	transient []*Rule
	sieve     *sieve
}

//go:embed rules.yaml
var builtin []byte

// Builtin are the rules that skycap brings.
func Builtin() ([]Rule, error) {
	var rules []Rule
	err := yaml.UnmarshalStrict(builtin, &rules)
	return rules, err
}

// NewRules makes Rules of those that skycap brings, without the disabled ones, and
// of the user's. The errors are of type [*RuleError], one for each wrong rule.
func NewRules(users []Rule, disabled []string) (*Rules, error) {
	rules, err := Builtin()
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, id := range disabled {
		if !slices.ContainsFunc(rules, func(rule Rule) bool { return rule.ID == id && rule.isOptional() }) {
			errs = append(errs, &RuleError{id, "can't be disabled: there is no rule of noise or warnings by that name"})
		}
	}
	rules = slices.DeleteFunc(rules, func(rule Rule) bool { return slices.Contains(disabled, rule.ID) })
	for _, rule := range users {
		errs = append(errs, rule.check(rules))
		rules = append(rules, rule)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return Make(rules), nil
}

// Default are the rules that skycap brings, made once.
func Default() *Rules { return made() }

var made = sync.OnceValue(func() *Rules { //nolint:gochecknoglobals // a constant in all but syntax
	rules, err := NewRules(nil, nil)
	if err != nil {
		panic(err) // the tests read the same file
	}
	return rules
})

// Make makes Rules of a list.
func Make(list []Rule) *Rules {
	rules := &Rules{entries: map[string][]*Rule{}, sieve: newSieve()}
	for _, class := range []Class{Error, Noise, Warning, Transient} {
		for _, rule := range list {
			if rule.Class == "" {
				rule.Class = Noise
			}
			if rule.Class == class {
				rules.add(lowered(rule))
			}
		}
	}
	return rules
}

func (r *Rules) add(rule *Rule) {
	for _, file := range rule.Files {
		r.entries[file] = append(r.entries[file], rule)
	}
	switch {
	case rule.Class == Transient:
		r.transient = append(r.transient, rule)
	case len(rule.Files) == 0:
		r.addLine(rule)
	}
}

func (r *Rules) addLine(rule *Rule) {
	for _, text := range rule.Begins {
		if rules := r.lines[text[0]]; !slices.Contains(rules, rule) {
			r.lines[text[0]] = append(rules, rule)
		}
		r.sieve.add(text)
	}
}

// Match is the rule of a whole record, without regard of how the command ends; nil when there is none.
func (r *Rules) Match(record []byte) *Rule {
	seen := visible(record, nil)
	first, _, _ := bytes.Cut(seen, []byte("\n"))
	if e, ok, _ := parse(first); ok {
		if opens(first) { // else further lines are none of it
			e.message = seen[len(first)-len(e.message):]
		}
		return r.ofEntry(e)
	}
	return r.ofLine(seen)
}

// Class is the class of a record once it is known whether the command failed, and
// the rule that says so, if one does.
func (r *Rules) Class(record []byte, failed bool) (Class, *Rule) {
	rule := r.Match(record)
	switch {
	case rule != nil && (rule.Class == Warning || rule.Class == Noise && !failed):
		return rule.Class, rule
	case failed:
		for _, passing := range r.transient {
			if passing.about(record, record) {
				return Transient, passing
			}
		}
	}
	if failed || rule != nil || isFatalEntry(record) {
		return Error, rule
	}
	return Progress, nil
}

func isFatalEntry(record []byte) bool {
	e, ok, _ := parse(record)
	return ok && e.severity == 'F'
}

// knows reports whether any rule is about entries of that family.
func (r *Rules) knows(e entry) bool {
	for _, rule := range r.entries[string(e.file)] {
		if rule.hasSeverity(e.severity) {
			return true
		}
	}
	return false
}

// ofEntry is the rule about an entry, which may have several lines.
func (r *Rules) ofEntry(e entry) *Rule {
	about, whole := subject(e.message)
	for _, rule := range r.entries[string(e.file)] {
		if whole && rule.hasSeverity(e.severity) && rule.about(e.message, about) {
			return rule
		}
	}
	return nil
}

// ofLine is the rule about a line that is no entry of klog. A line that holds
// something else, as an error that kubectl wrote behind it, is no noise.
func (r *Rules) ofLine(line []byte) *Rule {
	if len(line) == 0 {
		return nil
	}
	for _, rule := range r.lines[lower(line[0])] {
		if rule.about(line, line) && (rule.Class == Error || !hasGlued(line)) {
			return rule
		}
	}
	return nil
}

// canBegin reports whether a line that has only begun can become one that a rule
// is about, and isn't yet. Holding is whether errors matter that can't be told at
// their beginning: they come behind what is held.
func (r *Rules) canBegin(line []byte, holding bool) bool {
	if len(line) == 0 {
		return true
	}
	if e, ok, partly := parse(line); ok || partly {
		return partly || r.knows(e)
	}
	return slices.ContainsFunc(r.lines[lower(line[0])], func(rule *Rule) bool {
		return slices.ContainsFunc(rule.Begins, func(text string) bool {
			return foldEqual(line, text) && (rule.Class != Error || len(line) < len(text) || holding && len(rule.Has) > 0)
		})
	})
}
