package noise

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Silence is for how long nothing may be shown while something is held.
const Silence = 10 * time.Second

// Pause is for how long a line that has begun may lack its end: then it is shown, as
// a question that somebody has to answer. An entry of klog asks nothing.
const Pause = time.Second

// wait has what is held shown after a silence.
func (f *Filter) wait() {
	needed := !f.held.isEmpty() || len(f.pending) > 0
	f.touched = true
	switch {
	case !needed && f.waiting != nil:
		f.waiting.Stop()
		f.waiting = nil
	case needed && f.waiting == nil:
		f.waiting, f.touched = time.AfterFunc(Silence, f.silent), false
	case needed && f.shown:
		f.waiting.Reset(Silence)
		f.touched = false
	}
}

// silent shows what is held, and a line that has begun and doesn't go on.
func (f *Filter) silent() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.ended {
		return
	}
	f.release(f.options.Silence)
	if !f.touched {
		f.showPending()
	}
	f.waiting = nil
	if len(f.pending) > 0 {
		f.waiting, f.touched = time.AfterFunc(Silence, f.silent), false
	}
}

// showPending shows a record that has begun as it is.
func (f *Filter) showPending() {
	if len(f.pending) == 0 {
		return
	}
	f.write(f.pending)
	f.midline, f.pending = f.pending[len(f.pending)-1] != '\n', nil
}

// pause has a line that has begun shown, should it not go on.
func (f *Filter) pause() {
	if f.pausing != nil {
		f.pausing.Stop()
		f.pausing = nil
	}
	if len(f.pending) == 0 || !f.whole || !f.prose {
		return
	}
	writes := f.writes
	f.pausing = time.AfterFunc(Pause, func() {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		if f.writes == writes && !f.ended {
			f.showPending()
			f.wait()
		}
	})
}

// Alive says that the program does something that isn't heard on its stderr, and so is
// not silent.
func (f *Filter) Alive() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.waiting != nil && !f.ended {
		f.waiting.Reset(Silence)
	}
}

// Beside passes the program's stdout on, which counts as a sign of life. A terminal
// stays as it is: the program must see that it is one, and what it prints there
// can't be seen here.
func (f *Filter) Beside(stdout io.Writer) io.Writer {
	file, isFile := stdout.(*os.File)
	if stdout == nil || isFile && term.IsTerminal(int(file.Fd())) {
		return stdout
	}
	return beside{stdout, f}
}

type beside struct {
	stdout io.Writer
	filter *Filter
}

func (b beside) Write(data []byte) (int, error) {
	b.filter.Alive()
	return b.stdout.Write(data)
}
