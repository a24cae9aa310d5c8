package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/skycap/skycap/pkg/skycap"
)

// live keeps one line for each service at the bottom of a terminal, repainted in
// place. All other lines go above them.
type live struct {
	story   *story
	board   *board
	err     io.Writer
	color   bool
	width   int
	height  int
	painted []string // the lines that are on the terminal now
	closed  bool     // nothing is repainted any more
}

func newLive(options Options) *live {
	l := &live{board: &board{}, err: options.Err, color: options.Color, width: options.Width, height: options.Height}
	l.story = newStory(options, l.board, l)
	return l
}

func (l *live) event(event skycap.Event, detail bool) {
	l.board.note(event)
	switch {
	case l.closed:
		l.story.event(event, detail)
	case event.Type == skycap.EventState:
		l.paint("", l.lines(event.Time, l.height-2))
	case event.Type == skycap.EventResult:
		l.close(event.Time)
		l.story.event(event, detail)
	default:
		l.story.event(event, detail)
		l.tick(event.Time)
	}
}

func (l *live) tick(now time.Time) {
	if !l.closed {
		l.paint("", l.lines(now, l.height-2))
	}
}

// close paints the lines a last time, all of them, and leaves them there.
func (l *live) close(now time.Time) {
	if !l.closed {
		l.closed = true
		l.paint("", l.lines(now, len(l.board.rows)))
		l.painted = nil
	}
}

// Write prints lines of the story above the live ones.
func (l *live) Write(data []byte) (int, error) {
	l.paint(string(data), l.painted)
	return len(data), nil
}

// paint replaces the live lines, in one write so that nothing flickers.
func (l *live) paint(above string, next []string) {
	if above == "" && slices.Equal(next, l.painted) {
		return
	}
	var b strings.Builder
	if len(l.painted) > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", len(l.painted))
	}
	b.WriteString(above)
	for _, line := range next {
		b.WriteString(line + "\n")
	}
	l.painted = next
	_, _ = io.WriteString(l.err, b.String())
}

// lines are the services' lines, at most so many: those that are not healthy first.
func (l *live) lines(now time.Time, most int) []string {
	rows := l.board.rows
	if hidden := len(rows) - max(most, 2) + 1; hidden > 1 {
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, func(a, b *row) int { return urgency(a) - urgency(b) })
		rows = rows[:len(rows)-hidden]
	}
	nameWidth := 0
	for _, row := range rows {
		nameWidth = max(nameWidth, columnsOf(clean(l.board.name(row))))
	}
	var all []string
	for _, row := range rows {
		all = append(all, l.line(row, nameWidth, now))
	}
	if hidden := len(l.board.rows) - len(rows); hidden > 0 {
		all = append(all, cut(fmt.Sprintf("  … and %d more", hidden), l.width))
	}
	if !l.closed && l.board.lingers() {
		text := fmt.Sprintf("%6s  %s", rough(now.Sub(l.board.since)), clean(l.board.doing))
		all = append(all, cyan.paint(l.color, "•")+" "+cut(text, l.width-2))
	}
	return all
}

// line is one service: ✓ web  healthy      12s  2 of 2 pods ready.
func (l *live) line(r *row, nameWidth int, now time.Time) string {
	if !r.ended.IsZero() {
		now = r.ended
	}
	name := clean(l.board.name(r))
	name += strings.Repeat(" ", nameWidth-columnsOf(name))
	text := fmt.Sprintf("%s  %-11s  %6s  %s", name, clean(string(r.state)), rough(now.Sub(r.began)), clean(r.message))
	return l.mark(r) + " " + cut(strings.TrimRight(text, " "), l.width-2)
}

func (l *live) mark(r *row) string {
	switch {
	case r.failed || r.state == skycap.StateDegraded:
		return red.paint(l.color, "✗")
	case settled(r.state):
		return green.paint(l.color, "✓")
	default:
		return cyan.paint(l.color, "•")
	}
}

// urgency sorts what is broken first and what has arrived last.
func urgency(r *row) int {
	switch {
	case r.failed || r.state == skycap.StateDegraded:
		return 0
	case !settled(r.state):
		return 1
	default:
		return 2
	}
}
