// Package noise keeps back what kubectl says on stderr that means nothing when
// it succeeds.
//
// Whether a text is noise can't be told from the text: the same line is chatter
// when kubectl succeeds and the only cause when it fails. So a [Filter] holds
// what a rule of rules.yaml is about, and shows all else at once; when it is told
// how kubectl ended, it shows what it holds, or forgets it. What it doesn't know it
// shows. What goes in is what is shown and held, byte for byte and in order.
package noise

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// shortLine is how much of a line that has begun is judged anew with each byte, in bytes.
const shortLine = 1 << 10

// longestRecord is how much text is waited for to judge one record, in bytes. What
// is longer is shown as it comes.
const longestRecord = 1 << 20

// Options say what becomes of text.
type Options struct {
	Rules   *Rules
	Out     io.Writer                       // what is shown
	Replay  io.Writer                       // what was held and is shown at last, before the error that comes next; Out when nil
	Silence io.Writer                       // what was held and is shown since nothing else was for ten seconds; Replay when nil
	Log     *Log                            // shared with other runs; one of its own when nil
	Held    func(record []byte, rule *Rule) // is told each record that is held; may be nil
	Unknown func(family string)             // is told of entries of klog that no rule is about, each family once, as in "W gcloud.go"; may be nil
	Open    bool                            // show what would be held, too
}

// Filter takes kubectl's stderr, and is told how kubectl ended. It is safe for
// concurrent use.
type Filter struct {
	options Options
	mutex   sync.Mutex
	pending []byte // the beginning of a record that can't be judged yet
	whole   bool   // pending can only be judged with its whole line
	scanned int    // how much of pending are whole lines of one entry, in bytes
	prose   bool   // pending is a line that is no entry of klog
	midline bool   // the line that has begun is shown
	after   *Rule  // of the entry before this line, if that was held
	held    held
	out     [][]byte // to be shown at the end of a Write at the latest
	joined  []byte   // reused by flush
	scratch []byte   // reused by judge
	err     error    // of a writer
	shown   bool     // since the last Write began
	waiting *time.Timer
	touched bool // since waiting began
	pausing *time.Timer
	writes  int
	ended   bool
}

// New makes a Filter. End it.
func New(options Options) *Filter {
	if options.Rules == nil {
		options.Rules = Default()
	}
	if options.Replay == nil {
		options.Replay = options.Out
	}
	if options.Silence == nil {
		options.Silence = options.Replay
	}
	if options.Log == nil {
		options.Log = &Log{}
	}
	return &Filter{options: options}
}

// Write implements io.Writer. Its errors are those of the writers.
func (f *Filter) Write(data []byte) (int, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.shown = false
	f.writes++
	if before := len(f.pending); before == 0 {
		f.keep(f.consume(data, false))
	} else if f.pending = append(f.pending, data...); !f.goesOn(before) {
		f.keep(f.consume(f.pending, false))
	}
	f.wait()
	f.pause()
	return len(data), f.err
}

// goesOn reports whether what is pending still can't be judged, with what came behind
// its first bytes. It looks at no byte twice, since an entry may come line by line.
func (f *Filter) goesOn(before int) bool {
	switch {
	case len(f.pending) > longestRecord, f.whole && len(f.pending) <= shortLine:
		return false
	case f.whole:
		return bytes.IndexByte(f.pending[before:], '\n') < 0
	}
	var more bool
	f.scanned, more = lines(f.pending, f.scanned, false)
	return more
}

// keep sets aside what can't be judged yet.
func (f *Filter) keep(rest []byte) {
	f.pending = append(f.pending[:0], rest...)
	if cap(f.pending) > longestRecord && len(rest) < longestRecord/2 {
		f.pending = bytes.Clone(rest)
	}
}

// End judges what is left, and shows what is held if kubectl failed: also one
// that was killed or ran out of time. The error is that of a writer.
func (f *Filter) End(failed bool) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.ended = true
	if f.waiting != nil {
		f.waiting.Stop()
	}
	if f.pausing != nil {
		f.pausing.Stop()
	}
	f.consume(f.pending, true)
	f.pending = nil
	if failed {
		f.release(f.options.Replay)
	}
	f.options.Log.hide(f.held.noise)
	f.note(f.held.clear())
	return f.err
}

// Forget hides what is held so far, as if kubectl had ended well now: one that goes on
// for long has just done what was asked of it.
func (f *Filter) Forget() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.ended || f.held.isEmpty() {
		return
	}
	f.options.Log.hide(f.held.noise)
	f.note(f.held.clear())
	if len(f.pending) == 0 && f.waiting != nil {
		f.waiting.Stop()
		f.waiting = nil
	}
}

// consume shows and holds what can be judged of a text, and returns the rest.
func (f *Filter) consume(text []byte, final bool) (rest []byte) {
	at := 0
	if f.midline {
		if at = lineEnd(text, 0); at < 0 {
			f.show(text)
			f.flush()
			return nil
		}
		f.midline = false
	}
	sieve := f.options.Rules.sieve
	from := 0 // what lies between from and at is to be shown
	for at >= 0 && at < len(text) {
		found, size, rule := shown, 0, (*Rule)(nil)
		if f.after != nil || sieve.holds(text[at:]) {
			found, size, rule = f.judge(text[at:], final)
		}
		if found != shown {
			f.show(text[from:at])
			from = at
		}
		switch found {
		case undecided:
			f.flush()
			return text[at:]
		case hold:
			f.hold(text[at:at+size], rule)
			at += size
			from = at
			continue
		case fatal:
			f.release(f.options.Replay)
		}
		f.after = nil
		if at = lineEnd(text, at); at < 0 {
			f.midline = !final
		}
	}
	f.show(text[from:])
	f.flush()
	return nil
}

// lineEnd is where the line ends that begins there; -1 when that is not here yet.
func lineEnd(text []byte, from int) int {
	end := bytes.IndexByte(text[from:], '\n')
	if end < 0 {
		return -1
	}
	return from + end + 1
}

// show shows a text with the next flush: what lies between noise comes in one piece.
func (f *Filter) show(text []byte) {
	f.out = append(f.out, text)
}

// flush shows what is to be shown.
func (f *Filter) flush() {
	switch len(f.out) {
	case 0:
		return
	case 1:
		f.write(f.out[0])
	default:
		f.joined = f.joined[:0]
		for _, text := range f.out {
			f.joined = append(f.joined, text...)
		}
		f.write(f.joined)
	}
	f.out = f.out[:0]
}

func (f *Filter) write(text []byte) {
	if len(text) == 0 {
		return
	}
	f.shown = true
	_, err := f.options.Out.Write(text)
	f.note(err)
}

// hold keeps a record back.
func (f *Filter) hold(record []byte, rule *Rule) {
	f.after = rule
	if f.options.Held != nil {
		f.flush()
		f.options.Held(record, rule)
	}
	if f.options.Open {
		f.show(record)
		return
	}
	if err := f.held.add(record, rule.Class); err != nil { // the disk is full: it must not be lost
		f.release(f.options.Replay)
		f.show(record)
	}
}

// release shows what is held.
func (f *Filter) release(to io.Writer) {
	f.flush()
	if !f.held.isEmpty() {
		f.shown = true
		f.note(f.held.release(to))
	}
}

func (f *Filter) note(err error) {
	if f.err == nil {
		f.err = err
	}
}
