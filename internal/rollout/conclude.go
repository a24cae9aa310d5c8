package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/skycap/skycap/pkg/skycap"
)

// evidenceLines is how many facts people read.
const evidenceLines = 8

// conclude adds to an assessment what was found, the worst first.
func (v *view) conclude(assessment Assessment, found []finding) Assessment {
	var shown []finding
	for _, f := range found {
		if !f.from.IsZero() && (v.now.IsZero() || v.now.Before(f.from)) {
			assessment.Next = earliest(assessment.Next, f.from)
			continue
		}
		f = f.judged(v.now, v.Applied)
		if assessment.Grade == skycap.GradePersistent && f.Grade == skycap.GradeTransient {
			f.Grade = skycap.GradePersistent
		}
		if f.Grade == skycap.GradeTransient && !v.now.IsZero() {
			assessment.Next = earliest(assessment.Next, f.ends)
		}
		shown = append(shown, f)
	}
	if len(shown) == 0 {
		return assessment
	}
	slices.SortStableFunc(shown, worseFirst)
	for _, f := range shown {
		assessment.Findings = append(assessment.Findings, f.Finding)
	}
	return assessment.blame(shown[0].Finding, evidence(shown))
}

func worseFirst(a, b finding) int {
	return cmp.Or(gradeRank(b.Grade)-gradeRank(a.Grade), int(b.rank-a.rank))
}

// blame makes a finding the cause.
func (a Assessment) blame(worst Finding, evidence []string) Assessment {
	a.Cause, a.Hint, a.Grade, a.Evidence = worst.Cause, worst.Hint, worst.Grade, evidence
	if worst.Grade != skycap.GradeTransient {
		a.State = skycap.StateDegraded
	}
	if a.Message == "" {
		a.Message = worst.Cause
	} else if !strings.Contains(worst.Cause, a.Message) {
		a.Message += ": " + worst.Cause
	} else {
		a.Message = worst.Cause
	}
	return a
}

func gradeRank(grade skycap.Grade) int {
	return slices.Index([]skycap.Grade{"", skycap.GradeTransient, skycap.GradePersistent, skycap.GradeFatal}, grade)
}

// evidence are the facts, with those that pods share told once.
func evidence(found []finding) []string {
	var lines []string
	told := map[string]bool{}
	for _, f := range found {
		alike := func(other finding) bool {
			return other.Container == f.Container && other.Reason == f.Reason && other.rank == f.rank
		}
		if key := fmt.Sprint(f.Container, "/", f.Reason, "/", f.rank, "/", f.Pod == ""); !told[key] || f.Pod == "" {
			told[key] = true
			lines = append(lines, f.fact(podsWith(found, alike)))
			for _, e := range f.events {
				lines = append(lines, e.String())
			}
		}
	}
	lines = distinct(lines)
	return lines[:min(len(lines), evidenceLines)]
}

// fact tells of a finding and of how many pods it is.
func (f finding) fact(pods int) string {
	text := f.Cause
	switch {
	case f.Pod == "" || pods == 1 && strings.Contains(text, quoted(f.Pod)):
	case pods > 1:
		text = fmt.Sprintf("%d pods: %s", pods, text)
	default:
		text = fmt.Sprintf("pod %q: %s", f.Pod, text)
	}
	if f.Message != "" && !strings.Contains(text, f.Message) && len(f.events) == 0 {
		text += ": " + oneLine(f.Message)
	}
	return text
}

func podsWith(found []finding, alike func(finding) bool) int {
	pods := map[string]bool{}
	for _, f := range found {
		if alike(f) && f.Pod != "" {
			pods[f.Pod] = true
		}
	}
	return len(pods)
}

func (e event) String() string {
	text := fmt.Sprintf("event %s on %s: %s", e.reason, e.object, oneLine(e.message))
	if e.count > 1 {
		text += fmt.Sprintf(" (×%d)", e.count)
	}
	return text
}

func distinct(lines []string) []string {
	told := map[string]bool{}
	return slices.DeleteFunc(lines, func(line string) bool {
		before := told[line]
		told[line] = true
		return before
	})
}
