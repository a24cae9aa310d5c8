package report

import (
	"slices"
	"time"

	"github.com/skycap/skycap/pkg/skycap"
)

// board is what is known of each service and of the command as a whole.
type board struct {
	rows  []*row    // in the order in which they were first heard of
	doing string    // what the command said last that it does
	phase string    // of what it does
	since time.Time // when that phase began
	ended bool
}

// row is one service in one kind of place, or one instance of it.
type row struct {
	place
	condition
	began  time.Time
	ended  time.Time // zero while it goes on
	failed bool
}

// settled reports whether a service has arrived where it should. A degraded one
// has not: it may heal.
func settled(state skycap.State) bool {
	return state == skycap.StateHealthy || state == skycap.StateStopped
}

// note takes an event in.
func (b *board) note(event skycap.Event) {
	switch event.Type {
	case skycap.EventStart, skycap.EventPhase:
		if event.Phase == "" || event.Phase != b.phase {
			b.since = event.Time
		}
		b.doing, b.phase = event.Message, event.Phase
	case skycap.EventState:
		row := b.row(event)
		row.condition = condition{event.State, event.Message}
		row.ended = time.Time{}
		if settled(event.State) {
			row.ended = event.Time
		}
	case skycap.EventResult:
		b.end(event)
	default:
	}
}

func (b *board) row(event skycap.Event) *row {
	where := place{event.Service, event.Target, event.Instance}
	next := len(b.rows)
	for i, known := range b.rows {
		if known.place == where {
			return known
		}
		if known.service == where.service && known.target == where.target {
			next = i + 1 // instances stand below their service
		}
	}
	fresh := &row{place: where, began: event.Time}
	b.rows = slices.Insert(b.rows, next, fresh)
	return fresh
}

// end stops the clocks, and takes over the services' results.
func (b *board) end(event skycap.Event) {
	b.ended = true
	for _, row := range b.rows {
		if row.ended.IsZero() {
			row.ended = event.Time
		}
		if event.Result == nil {
			continue
		}
		for _, service := range event.Services {
			if row.place == (place{service: service.Service, target: service.Target}) {
				row.failed = service.Result != skycap.ResultOK
				row.state = service.State
			}
		}
	}
}

// waiting is the services that have not arrived. Their instances are not counted.
func (b *board) waiting() []*row {
	var rows []*row
	for _, row := range b.rows {
		if row.ended.IsZero() && row.instance == "" {
			rows = append(rows, row)
		}
	}
	return rows
}

// lingers reports whether the command waits for what others do, and no service tells of
// it. Other phases may have somebody asked on the terminal: no line may move there.
func (b *board) lingers() bool {
	return !b.ended && (b.phase == "wait-image" || b.phase == "lock") && len(b.waiting()) == 0
}

// name is how people know a row: by its service and, where that is in two kinds
// of places, by both; an instance by its own name too.
func (b *board) name(r *row) string {
	if r.instance != "" {
		return r.service + " on " + r.instance
	}
	for _, other := range b.rows {
		if other.service == r.service && other.target != r.target {
			return r.service + " (" + string(r.target) + ")"
		}
	}
	return r.service
}

// label is how people know the service of an event that says where it is about one.
func (b *board) label(event skycap.Event) string {
	if event.Target == "" {
		return event.Service
	}
	return b.name(&row{place: place{service: event.Service, target: event.Target}})
}

// text is a row as a line: web progressing: 1 of 2 pods ready.
func (b *board) text(r *row) string {
	return about(words(b.name(r), string(r.state)), r.message)
}
