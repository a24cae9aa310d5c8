package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/skycap/skycap/pkg/skycap"
)

// namedInHeartbeat is how many services a heartbeat names.
const namedInHeartbeat = 3

// plain prints lines that stay as they are, and a heartbeat when a wait is long.
type plain struct {
	story     *story
	board     *board
	heartbeat time.Duration
	spoke     time.Time // when it last printed
	closed    bool
}

func newPlain(options Options) *plain {
	board := &board{}
	return &plain{story: newStory(options, board, options.Err), board: board, heartbeat: options.Heartbeat}
}

func (p *plain) event(event skycap.Event, detail bool) {
	p.board.note(event)
	p.spoke = event.Time
	p.story.event(event, detail)
}

func (p *plain) tick(now time.Time) {
	if p.closed || p.board.ended || p.board.since.IsZero() || now.Sub(p.spoke) < p.heartbeat {
		return
	}
	p.spoke = now
	p.story.logger.Infof("… waiting %s: %s", rough(now.Sub(p.board.since)), p.awaited())
}

func (p *plain) close(time.Time) { p.closed = true }

// awaited is what a wait is for: services, or else what the command does.
func (p *plain) awaited() string {
	rows := p.board.waiting()
	if len(rows) == 0 {
		return p.board.doing
	}
	var texts []string
	for _, row := range rows[:min(len(rows), namedInHeartbeat)] {
		texts = append(texts, p.board.text(row))
	}
	if more := len(rows) - namedInHeartbeat; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}
