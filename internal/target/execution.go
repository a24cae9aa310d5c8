package target

import (
	"bytes"
	"io"
)

// Of is the execution in one of several instances: lines are marked with its
// name, and stdin is closed, since all can't read it. Flush writes a last line that
// has no end.
func (e Execution) Of(instance string) (one Execution, flush func() error) {
	one = e
	one.All, one.Instance, one.Terminal, one.Stdin = false, instance, false, nil
	stdout, stderr := &marked{to: e.Stdout, mark: instance + " | "}, &marked{to: e.Err, mark: instance + " | "}
	one.Stdout, one.Err = stdout, stderr
	return one, func() error {
		if err := stdout.flush(); err != nil {
			return err
		}
		return stderr.flush()
	}
}

// marked writes whole lines, each with a mark before it.
type marked struct {
	to      io.Writer
	mark    string
	partial []byte
}

func (m *marked) Write(data []byte) (int, error) {
	m.partial = append(m.partial, data...)
	for {
		line, rest, isWhole := bytes.Cut(m.partial, []byte("\n"))
		if !isWhole {
			return len(data), nil
		}
		if err := m.line(line); err != nil {
			return 0, err
		}
		m.partial = rest
	}
}

func (m *marked) line(line []byte) error {
	_, err := m.to.Write([]byte(m.mark + string(line) + "\n"))
	return err
}

func (m *marked) flush() error {
	if len(m.partial) == 0 {
		return nil
	}
	line := m.partial
	m.partial = nil
	return m.line(line)
}
