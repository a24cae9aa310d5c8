package hosts

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/skycap/skycap/internal/target"
)

// followTime bounds how long logs are followed.
const followTime = 24 * time.Hour

// Logs shows the journals of the services' units, merged as they come.
func (t *Hosts) Logs(ctx context.Context, services []string, options target.LogOptions, log target.Log) error {
	for _, g := range t.chosen(services) {
		if g.Service.Unit == "" {
			return &UnitError{Service: g.service}
		}
	}
	return joined(each(t.hosts(services), func(h *host) error { return h.logs(ctx, options, log) }))
}

func (h *host) logs(ctx context.Context, options target.LogOptions, log target.Log) error {
	follow, since, tail := "", "", ""
	if options.Follow {
		follow = "yes"
	}
	if options.Since > 0 {
		since = strconv.Itoa(int(options.Since.Seconds()))
	}
	if options.Tail >= 0 {
		tail = strconv.Itoa(options.Tail)
	}
	step := h.step("logs", h.group.Service, script("logs"), follow, since, tail)
	written := &lineWriter{log: func(line string) { log(h.group.service, h.address, line) }}
	step.Timeout, step.Output = followTime, written
	_, err := h.run(ctx, step)
	written.close()
	if options.Follow && ctx.Err() != nil {
		return nil // it was followed for as long as was wanted
	}
	return err
}

// lineWriter hands over what is written to it line by line.
type lineWriter struct {
	log  func(line string)
	rest []byte
}

func (w *lineWriter) Write(data []byte) (int, error) {
	w.rest = append(w.rest, data...)
	for {
		line, rest, whole := bytes.Cut(w.rest, []byte("\n"))
		if !whole {
			return len(data), nil
		}
		w.rest = rest
		w.log(string(line))
	}
}

// close hands over what is left without an end of line.
func (w *lineWriter) close() {
	if len(w.rest) > 0 {
		w.log(string(w.rest))
		w.rest = nil
	}
}
