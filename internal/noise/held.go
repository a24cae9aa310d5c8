package noise

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// inMemory is how much held text is kept in memory, in bytes. What is more goes to
// a file that only this user can read, and that has no name any more.
const inMemory = 1 << 20

// held is text that is kept back, in its order.
type held struct {
	size   int64
	noise  int // lines, without repeated warnings
	memory bytes.Buffer
	file   *os.File // what came before memory; nil while that is nothing
}

// add keeps a record.
func (h *held) add(record []byte, class Class) error {
	if class == Noise {
		h.noise += bytes.Count(bytes.TrimSuffix(record, []byte("\n")), []byte("\n")) + 1
	}
	h.size += int64(len(record))
	if h.memory.Len() > 0 && h.memory.Len()+len(record) > inMemory {
		if err := h.spill(); err != nil {
			return err
		}
	}
	h.memory.Write(record)
	return nil
}

// spill moves what is in memory to the file.
func (h *held) spill() error {
	if h.file == nil {
		file, err := os.CreateTemp("", "skycap-noise-*") // mode 0600
		if err != nil {
			return err
		}
		_ = os.Remove(file.Name()) // Windows can't yet: there clear does it
		h.file = file
	}
	_, err := h.memory.WriteTo(h.file)
	return err
}

// release writes everything, and keeps nothing.
func (h *held) release(to io.Writer) error {
	var err error
	if h.file != nil {
		_, err = h.file.Seek(0, io.SeekStart)
		if err == nil {
			_, err = io.Copy(to, h.file)
		}
	}
	_, last := h.memory.WriteTo(to)
	return errors.Join(err, last, h.clear())
}

// clear forgets everything.
func (h *held) clear() error {
	h.size, h.noise = 0, 0
	h.memory.Reset()
	if h.file == nil {
		return nil
	}
	name := h.file.Name()
	err := h.file.Close()
	_ = os.Remove(name)
	h.file = nil
	return err
}

func (h *held) isEmpty() bool { return h.size == 0 }
