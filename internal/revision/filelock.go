package revision

import (
	"context"
	"os"
	"time"
)

// lockPause is the time between two tries for a lock, in which what held it goes on.
const lockPause = 100 * time.Millisecond

// fileLock is a lock that runs of skycap on this machine have among them. It ends with
// the process.
type fileLock struct{ file *os.File }

func openLock(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return &fileLock{file: file}, nil
}

// take waits until nobody else has the lock. Where it has to wait, it says so once.
func (l *fileLock) take(ctx context.Context, waits func()) error {
	for told := false; ; told = true {
		taken, err := l.try(true)
		if taken || err != nil {
			return err
		}
		if !told {
			waits()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

// release gives the lock back.
func (l *fileLock) release() { _ = l.file.Close() }
