package revision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// transferTimeout bounds a clone or a pull, with the wait for another run's.
const transferTimeout = 30 * time.Minute

// mirrorLayout is a part of mirrors' names, so that none is used that is laid out otherwise.
const mirrorLayout = "2 "

// Elsewhere is a repository that is mirrored on this machine.
type Elsewhere struct {
	Runner run.Runner
	URL    string
	Kind   string       // Mercurial or Git
	Folder string       // that mirrors lie in
	Told   func(string) // is told what takes long
}

// mirror is a copy of a repository elsewhere. Names bring it up to date before they are
// resolved, the first of them; full hashes that it has already need nobody else.
type mirror struct {
	Repository
	from    Elsewhere
	path    string
	reading *fileLock // shared by those who read; git clears away only where there are no others
	fresh   bool
}

// OpenURL opens a mirror, which is made where it isn't there. It returns an
// *AddressError, or a *RemoteError where that can't be.
func OpenURL(ctx context.Context, from Elsewhere) (Repository, error) {
	if err := checkAddress(from.Kind, from.URL); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(from.Folder, 0o700); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(mirrorLayout + from.Kind + " " + withoutSecrets(from.URL)))
	m := &mirror{from: from, path: filepath.Join(from.Folder, hex.EncodeToString(sum[:8]))}
	if _, err := os.Stat(m.path); errors.Is(err, fs.ErrNotExist) {
		if err := m.alone(ctx, m.makeFirst); err != nil {
			return nil, err
		}
	}
	err := m.open()
	if err == nil {
		return m, nil
	}
	if m.isAround(err.Error()) {
		return nil, m.judge(err.Error())
	}
	if err := m.alone(ctx, m.make); err != nil { // it was damaged
		return nil, err
	}
	if err := m.open(); err != nil {
		return nil, err
	}
	return m, nil
}

// open opens what lies there now. Where that fails, what was open before stays to be closed.
func (m *mirror) open() (err error) {
	if m.reading == nil {
		if m.reading, err = openLock(m.path + ".reading"); err != nil {
			return err
		}
	}
	opened, err := openAt(m.from.Runner, m.path, m.from.Kind)
	if err != nil {
		return err
	}
	m.Repository = opened
	_, err = m.reading.try(false)
	return err
}

// Phase of what a Git repository elsewhere has is known: others have it.
func (m *mirror) Phase(ctx context.Context, revision Revision) (Phase, error) {
	if m.from.Kind == Git {
		return Public, nil
	}
	return m.Repository.Phase(ctx, revision)
}

// Source is where the mirror is from.
func (m *mirror) Source(context.Context) (string, error) { return sourceOf(m.from.URL), nil }

func (m *mirror) Close() error {
	m.reading.release()
	return m.Repository.Close()
}

// hgNumber is a number of Mercurial's, and what may follow. Longer ones begin hashes.
var hgNumber = regexp.MustCompile(`^\d{1,7}([~^].*)?$`)

// checkName refuses names that mean something else in each clone.
func (m *mirror) checkName(name string) error {
	switch {
	case m.from.Kind == Mercurial && hgNumber.MatchString(name):
		return &NameError{Name: name, Rule: "is a number, which means another commit in each clone; take the hash, with 8 digits or more"}
	case m.from.Kind == Git && strings.Contains(name, "@{"):
		return &NameError{Name: name, Rule: "has @{, which asks what one clone has seen or is set to; take a branch, a tag or the hash"}
	}
	return checkName(name)
}

// Resolve updates the mirror before, where that may change the answer.
func (m *mirror) Resolve(ctx context.Context, name string) (Revision, error) {
	if err := m.checkName(name); err != nil {
		return Revision{}, err
	}
	isHash := fullHash.MatchString(name)
	if m.fresh || isHash {
		if found, err := m.resolve(ctx, name); !isUnknown(err) || m.fresh && !isHash {
			return found, err
		}
	}
	if err := m.alone(ctx, m.update); err != nil {
		return Revision{}, err
	}
	m.fresh = true
	found, err := m.resolve(ctx, name)
	if isUnknown(err) && isHash && m.from.Kind == Git {
		if m.alone(ctx, func(ctx context.Context) error { return m.fetchCommit(ctx, name) }) == nil {
			return m.resolve(ctx, name)
		}
	}
	return found, err
}

func isUnknown(err error) bool {
	var unknown *UnknownError
	return errors.As(err, &unknown)
}

// resolve asks the mirror alone. What is unknown is so where the mirror is from.
func (m *mirror) resolve(ctx context.Context, name string) (Revision, error) {
	found, err := m.Repository.Resolve(ctx, name)
	var unknown *UnknownError
	if errors.As(err, &unknown) {
		unknown.Repository = masked(m.from.URL)
	}
	return found, err
}

// alone has work done by one run at a time.
func (m *mirror) alone(ctx context.Context, work func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, transferTimeout)
	defer cancel()
	lock, err := openLock(m.path + ".lock")
	if err != nil {
		return err
	}
	defer lock.release()
	err = lock.take(limited, func() { m.from.Told("waiting for another skycap, which is reading " + masked(m.from.URL)) })
	if err == nil {
		err = work(limited)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return m.failed(fmt.Sprintf("did not answer within %s", transferTimeout))
	}
	return err
}

// makeFirst makes the mirror, unless another run has meanwhile.
func (m *mirror) makeFirst(ctx context.Context) error {
	if _, err := os.Stat(m.path); err == nil {
		return nil
	}
	return m.make(ctx)
}

// make makes the mirror under another name first: one that was cut off must not be taken
// for a whole one. What was there before makes room at once.
func (m *mirror) make(ctx context.Context) error {
	m.from.Told("copying " + masked(m.from.URL) + ", which takes its while the first time")
	partial := m.path + ".new"
	if err := os.RemoveAll(partial); err != nil { // of a run that was killed
		return err
	}
	if err := os.Mkdir(partial, 0o700); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(partial) }()
	whole := filepath.Join(partial, "repository")
	if err := m.copyTo(ctx, whole); err != nil {
		return err
	}
	if err := os.Rename(m.path, filepath.Join(partial, "former")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(whole, m.path); err != nil {
		return err
	}
	m.fresh = true
	return nil
}

// update pulls, and makes the mirror anew where it is damaged.
func (m *mirror) update(ctx context.Context) error {
	err := m.pull(ctx)
	var damaged *damagedError
	if !errors.As(err, &damaged) {
		return err
	}
	m.from.Told(fmt.Sprintf("the copy of %s is damaged: %s", masked(m.from.URL), damaged.said))
	_ = m.Repository.Close()
	if err := m.make(ctx); err != nil {
		return err
	}
	return m.open()
}

// failed is what is said of a repository that can't be read.
func (m *mirror) failed(detail string) error {
	return &RemoteError{URL: masked(m.from.URL), Kind: m.from.Kind, Detail: without(detail, m.from.URL)}
}

// RemoteError says that a remote repository could not be read.
type RemoteError struct {
	URL, Detail string // without what lets people in
	Kind        string // Mercurial or Git
}

func (e *RemoteError) Error() string { return fmt.Sprintf("repository %q: %s", e.URL, e.Detail) }
