package report

import (
	"bytes"
	"io"
	"slices"

	"github.com/sirupsen/logrus"

	"github.com/skycap/skycap/pkg/skycap"
)

// story turns events into lines of text: those of the result go to out, all
// others through the logger to stderr.
type story struct {
	board   *board
	out     io.Writer
	logger  *logrus.Logger
	command string
	told    map[string]bool // the evidence that was printed
}

func newStory(options Options, board *board, stderr io.Writer) *story {
	logger := logrus.New()
	logger.SetOutput(stderr)
	logger.SetFormatter(formatter{color: options.Color})
	switch {
	case options.Quiet:
		logger.SetLevel(logrus.WarnLevel)
	case options.Verbose:
		logger.SetLevel(logrus.DebugLevel)
	}
	return &story{board: board, out: options.Out, logger: logger, command: options.Command, told: map[string]bool{}}
}

// event prints an event that the board has noted. Evidence is of the level of errors: it tells of a failure.
func (s *story) event(event skycap.Event, detail bool) {
	switch event.Type {
	case skycap.EventStart, skycap.EventPhase:
		s.logger.Info(event.Message)
	case skycap.EventState:
		s.logger.Info(s.board.text(s.board.row(event)))
	case skycap.EventWarning:
		s.logger.Warn(about(event.Service, event.Message))
	case skycap.EventEvidence:
		s.evidence(s.board.label(event), event.Message)
	case skycap.EventResult:
		s.result(event.Result)
	case skycap.EventLog:
		level := logrus.InfoLevel
		if detail {
			level = logrus.DebugLevel
		}
		for _, line := range lines(event.Message) {
			s.logger.Log(level, about(event.Service, line))
		}
		// Its last lines may be what explains a failure: those who have seen them need them no second time.
		if event.Service != "" && s.logger.IsLevelEnabled(level) {
			s.told[event.Service+"\x00"+event.Message] = true
		}
	}
}

// evidence prints a fact about a service once.
func (s *story) evidence(service, message string) {
	key := service + "\x00" + message
	if s.told[key] {
		return
	}
	s.told[key] = true
	for _, line := range lines(message) {
		s.logger.Error("  " + about(service, line))
	}
}

// result prints what went well, or why each service did not. What is wrong as a
// whole is left to [Fail].
func (s *story) result(result *skycap.Result) {
	if result == nil {
		return
	}
	if hidden := NoiseHidden(result.NoiseHidden); hidden != "" {
		s.logger.Info(hidden)
	}
	if result.Word == skycap.ResultOK {
		for _, line := range imageLines(result.Images) {
			_, _ = io.WriteString(s.out, clean(line)+"\n")
		}
		_, _ = io.WriteString(s.out, clean(summary(s.command, result))+"\n")
		return
	}
	for _, service := range result.Services {
		name := nameOf(service, result.Services)
		if service.Cause != "" {
			s.logger.Error(about(name, service.Cause))
		}
		for _, fact := range service.Evidence {
			s.evidence(name, fact)
		}
		if service.Hint != "" && !slices.Contains(result.Hints, service.Hint) {
			s.logger.Error("  " + about(name, "hint: "+service.Hint))
		}
	}
}

// about joins what a line is about and what it says.
func about(subject, message string) string {
	switch {
	case subject == "":
		return message
	case message == "":
		return subject
	default:
		return subject + ": " + message
	}
}

// formatter makes one line of a log entry.
type formatter struct{ color bool }

// Format implements [logrus.Formatter].
func (f formatter) Format(entry *logrus.Entry) ([]byte, error) {
	var b bytes.Buffer
	text := clean(entry.Message)
	switch entry.Level {
	case logrus.WarnLevel:
		b.WriteString(yellow.paint(f.color, "warning:") + " " + text)
	case logrus.DebugLevel:
		b.WriteString(dim.paint(f.color, text))
	default:
		b.WriteString(text)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
