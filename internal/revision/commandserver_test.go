package revision

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// A deploy may wait for hours between two questions: each has all its time.
func TestAServerIsReplacedBeforeItsTimeIsOver(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	c.write("a", "1")
	id := c.commit("one")
	counted := &counting{Runner: run.Local{}}
	repository, err := Open(counted, c.dir, Mercurial)
	require.NoError(t, err)
	defer func() { assert.NoError(t, repository.Close()) }()
	server := repository.(*mercurial).server
	for _, starts := range []int{1, 2} {
		assert.Equal(t, id, resolved(t, repository, "tip"))
		assert.Equal(t, id, resolved(t, repository, "."))
		assert.Len(t, counted.started(), starts)
		server.since = time.Now().Add(commandTimeout - serverTimeout)
	}
	server.since = time.Now()
	server.stop() // as whoever runs out of memory is
	_, err = repository.Resolve(t.Context(), "tip")
	require.ErrorContains(t, err, "hg stopped answering")
	assert.Equal(t, id, resolved(t, repository, "tip"))
}

func TestClosingWaitsForTheEndOfTheServer(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	c.write("a", "1")
	id := c.commit("one")
	var ended atomic.Bool
	slow := run.Func(func(ctx context.Context, command run.Command) error {
		err := run.Local{}.Run(ctx, command)
		<-ctx.Done() // as one that doesn't leave by itself
		ended.Store(true)
		return err
	})
	repository, err := Open(slow, c.dir, Mercurial)
	require.NoError(t, err)
	assert.Equal(t, id, resolved(t, repository, "tip"))
	require.NoError(t, repository.Close())
	assert.True(t, ended.Load())
}

func TestLastWords(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"":                        "",
		"killed!\n":               "",
		"no such file\nkilled!\n": "no such file",
		"abort: no such file\n":   "no such file",
		"warning\nabort: no such file\n(see the wiki)\n":            "no such file",
		"Traceback (most recent call last):\n  File x\nE: bad\n \n": "E: bad",
	} {
		assert.Equal(t, want, lastWords(said))
	}
}

// What the user's hg prints besides is none of what was asked for.
func TestHooksOfMercurialDoNotRun(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	c.write("a", "1")
	c.commit("one")
	c.write("a", "2")
	c.write("b", "2")
	id := c.commit("two")
	ran, hooks := filepath.Join(t.TempDir(), "ran"), "[hooks]\n"
	for _, hook := range []string{"pre-log", "post-log", "pre-skycap-files", "post-skycap-files", "pre-status", "post-status", "incoming",
		"pre-serve", "pre-serve.again", "post-serve"} {
		hooks += hook + " = echo chatter; touch " + ran + "\n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(c.dir, ".hg", "hgrc"), []byte(hooks), 0o600))
	repository := c.open()
	first := resolved(t, repository, "0")
	assert.Equal(t, id, resolved(t, repository, "tip"))
	files, err := repository.Files(t.Context(), Revision{ID: id}, nil, Limit{})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, files.Paths())
	changed, removed, err := repository.Changed(t.Context(), first, id)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, changed)
	assert.Empty(t, removed)
	require.NoError(t, repository.Close())
	assert.NoFileExists(t, ran)
}

// What an extension prints in between is refused, and never taken for a commit or a file.
func TestChatterOfMercurialIsRefused(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Mercurial)
	c.write("a", "1")
	first := c.commit("one")
	c.write("a", "2")
	second := c.commit("two")
	chatty := filepath.Join(t.TempDir(), "chatty.py")
	program := `
from mercurial import dispatch, extensions

def chatter(original, ui, options, name, *args):
    if (name == b'serve') == (ui.config(b'test', b'greeting') is not None):
        ui.write(b'M chatter\n')
        ui.flush()
    return original(ui, options, name, *args)

def extsetup(ui):
    extensions.wrapfunction(dispatch, '_runcommand', chatter)
`
	require.NoError(t, os.WriteFile(chatty, []byte(program), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(c.dir, ".hg", "hgrc"), []byte("[extensions]\nchatty = "+chatty+"\n"), 0o600))
	m := c.open().(*mercurial)
	ask := map[string]func() error{
		"log":   func() error { _, err := m.log(t.Context(), "--rev="+first); return err },
		"files": func() error { _, err := m.Files(t.Context(), Revision{ID: first}, nil, Limit{}); return err },
		"status": func() error {
			_, _, err := m.status(t.Context(), first, second)
			return err
		},
	}
	for name, ask := range ask {
		err := ask()
		var refused *ChatterError
		require.ErrorAs(t, err, &refused, name)
		assert.Contains(t, refused.Said, "M chatter")
	}

	require.NoError(t, os.WriteFile(filepath.Join(c.dir, ".hg", "hgrc"), []byte("[test]\ngreeting = x\n[extensions]\nchatty = "+chatty+"\n"), 0o600))
	_, err := c.open().Resolve(t.Context(), first)
	require.EqualError(t, err, "hg stopped answering: hg printed \"M cha\" among what it was asked for")
}

func TestNoPlaceForTemporaryFiles(t *testing.T) {
	c := newCheckout(t, Mercurial)
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	_, err := c.open().Resolve(t.Context(), "tip")
	require.ErrorContains(t, err, "TMPDIR")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
