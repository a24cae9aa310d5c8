package state

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Lock makes this program the only one that changes the lab, until the returned
// function is called or the program dies. While another one has it, it calls
// busy once and waits.
func (d Dir) Lock(ctx context.Context, busy func()) (unlock func(), err error) {
	for waited := false; ; waited = true {
		f, err := d.tryLock()
		if err == nil {
			return func() { f.Close() }, nil //nolint:errcheck // closing is what unlocks
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, err
		}
		if !waited {
			busy()
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// tryLock also makes sure that the file it locked is the one that the path names:
// down --purge may just have removed it.
func (d Dir) tryLock() (*os.File, error) {
	f, err := os.OpenFile(d.Path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil && !isStill(f, d.Path("lock")) {
		err = unix.EWOULDBLOCK
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func isStill(f *os.File, path string) bool {
	locked, err1 := f.Stat()
	named, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(locked, named)
}
