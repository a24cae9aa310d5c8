package noise

import (
	"bytes"
	"slices"
)

// verdict is what becomes of a record.
type verdict int

const (
	shown     verdict = iota
	undecided         // more of it is needed
	hold
	fatal // shown, behind what was held
)

// judge judges the record at the beginning of a text, and says how long it is if
// it is held. Final is for a text that nothing follows.
func (f *Filter) judge(text []byte, final bool) (verdict, int, *Rule) {
	end := bytes.IndexByte(text, '\n')
	f.whole, f.scanned = end < 0, 0
	if end < 0 && !final {
		return f.judgePart(text), 0, nil
	}
	line, size := text, len(text)
	if end >= 0 {
		line, size = text[:end], end+1
	}
	seen := line
	if hasUnseen(line) {
		f.scratch = visible(line, f.scratch)
		seen = f.scratch
	}
	if e, ok, _ := parse(seen); ok {
		return f.judgeEntry(text, size, e, opens(seen), final)
	}
	if f.continues(seen) {
		return hold, size, f.after
	}
	return f.judgeLine(seen, size)
}

// judgePart judges a line that has only begun: it is waited for if it can become noise.
func (f *Filter) judgePart(text []byte) verdict {
	if len(text) > longestRecord {
		return shown
	}
	seen := visible(text, nil)
	e, ok, partly := parse(seen)
	f.prose = !ok && !partly
	if rule := f.options.Rules.ofLine(seen); ok && e.severity == 'F' || rule != nil && rule.Class == Error {
		return fatal
	}
	if ok && !f.options.Rules.knows(e) {
		f.unknown(e)
	}
	if f.options.Rules.canBegin(seen, !f.held.isEmpty()) || f.after != nil && f.after.canContinue(seen) {
		return undecided
	}
	return shown
}

// judgeEntry judges an entry of klog whose first line is here.
func (f *Filter) judgeEntry(text []byte, size int, e entry, several, final bool) (verdict, int, *Rule) {
	switch {
	case e.severity == 'F':
		return fatal, 0, nil
	case !f.options.Rules.knows(e):
		f.unknown(e)
		return shown, 0, nil
	}
	if several {
		length, more := lines(text, 0, final)
		switch {
		case more && len(text) <= longestRecord:
			f.scanned = length
			return undecided, 0, nil
		case more, length == 0:
			return shown, 0, nil
		}
		size = length
		record := visible(bytes.TrimSuffix(text[:size], []byte("\n")), nil)
		e, _, _ = parse(record)
	}
	rule := f.options.Rules.ofEntry(e)
	switch {
	case rule == nil && hasGluedToEntry(e.message):
		return fatal, 0, nil
	case rule == nil:
		f.unknown(e)
		return shown, 0, nil
	case rule.Class == Warning:
		return f.judgeWarning(e.message, size, rule)
	}
	return hold, size, rule
}

// judgeLine judges a whole line that is no entry of klog.
func (f *Filter) judgeLine(line []byte, size int) (verdict, int, *Rule) {
	rule := f.options.Rules.ofLine(line)
	switch {
	case rule == nil && !f.held.isEmpty() && hasGlued(line):
		return fatal, 0, nil
	case rule == nil:
		return shown, 0, nil
	case rule.Class == Error:
		return fatal, 0, nil
	case rule.Class == Warning:
		return f.judgeWarning(line, size, rule)
	}
	return hold, size, rule
}

// judgeWarning shows a warning once.
func (f *Filter) judgeWarning(text []byte, size int, rule *Rule) (verdict, int, *Rule) {
	if f.options.Log.isNew(text) {
		return shown, 0, nil
	}
	return hold, size, rule
}

// continues reports whether a line belongs to the held entry before it. An error never does.
func (f *Filter) continues(line []byte) bool {
	if f.after == nil || !slices.ContainsFunc(f.after.Continues, func(text string) bool { return foldPrefix(line, text) }) {
		return false
	}
	rule := f.options.Rules.ofLine(line)
	return (rule == nil || rule.Class != Error) && !hasGlued(line)
}

// canContinue reports whether a line that has only begun can become one that belongs to an entry.
func (r *Rule) canContinue(line []byte) bool {
	for _, text := range r.Continues {
		if foldEqual(line, text) {
			return true
		}
	}
	return false
}

func (f *Filter) unknown(e entry) {
	if f.options.Unknown != nil && f.options.Log.isNewFamily(e.family()) {
		f.options.Unknown(e.family())
	}
}
