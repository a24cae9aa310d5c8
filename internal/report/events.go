package report

import (
	"math"

	"github.com/skycap/skycap/pkg/skycap"
)

// Start reports that the command began.
func (r *Reporter) Start(message string) {
	r.Event(skycap.Event{Type: skycap.EventStart, Message: message})
}

// Phase reports that a part of the command began: prepare, check, apply or wait.
func (r *Reporter) Phase(name, message string) {
	r.Event(skycap.Event{Type: skycap.EventPhase, Phase: name, Message: message})
}

// State reports how a service is. Saying the same of it twice is fine.
func (r *Reporter) State(service string, target skycap.Target, state skycap.State, message string) {
	r.InstanceState(service, target, "", state, message)
}

// InstanceState reports how one instance of a service is.
func (r *Reporter) InstanceState(service string, target skycap.Target, instance string, state skycap.State, message string) {
	r.Event(skycap.Event{
		Type: skycap.EventState, Service: service, Target: target, Instance: instance, State: state, Message: message,
	})
}

// Warning reports something that should not go unseen.
func (r *Reporter) Warning(message string) {
	r.Event(skycap.Event{Type: skycap.EventWarning, Message: message})
}

// Evidence reports a fact that explains a failure. It may have several lines.
func (r *Reporter) Evidence(service, message string) {
	r.Event(skycap.Event{Type: skycap.EventEvidence, Service: service, Message: message})
}

// Log reports a line that another program says.
func (r *Reporter) Log(message string) {
	r.Event(skycap.Event{Type: skycap.EventLog, Message: message})
}

// Debug reports a detail, for those who asked for details.
func (r *Reporter) Debug(message string) {
	if r.options.Verbose {
		r.report(skycap.Event{Type: skycap.EventLog, Message: message}, true)
	}
}

// Result reports how the command ended. It is the last event. The exit code
// follows from the word; the duration, when zero, is that of the Reporter.
func (r *Reporter) Result(result skycap.Result) {
	result.ExitCode = result.Word.ExitCode()
	if result.DurationSeconds == 0 {
		seconds := r.options.Now().Sub(r.began).Seconds()
		result.DurationSeconds = math.Round(seconds*1000) / 1000
	}
	if result.Services == nil {
		result.Services = []skycap.ServiceResult{}
	}
	r.Event(skycap.Event{Type: skycap.EventResult, Result: &result})
}

// Event reports any event. Its schema, time and number are filled in. A state
// or a warning that is known already is no event.
func (r *Reporter) Event(event skycap.Event) {
	r.report(event, false)
}

func (r *Reporter) report(event skycap.Event, detail bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if (r.ended && r.options.JSON) || r.known(event) {
		return
	}
	r.ended = r.ended || event.Type == skycap.EventResult
	r.seq++
	event.Schema = skycap.EventSchema
	event.Time = r.options.Now().UTC()
	event.Seq = r.seq
	r.printer.event(event, detail)
}

// known reports whether an event repeats a warning, or the state of its
// service, and keeps both. The server warns of the same at each call.
func (r *Reporter) known(event skycap.Event) bool {
	if event.Type == skycap.EventWarning {
		before := r.warned[event.Message]
		r.warned[event.Message] = true
		return before
	}
	if event.Type != skycap.EventState {
		return false
	}
	where := place{event.Service, event.Target, event.Instance}
	now := condition{event.State, event.Message}
	before, seen := r.states[where]
	r.states[where] = now
	return seen && before == now
}
