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
	"strings"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// transferTimeout bounds a clone or a pull.
const transferTimeout = 30 * time.Minute

// OpenURL opens a mirror of a remote repository, which it makes below folder
// the first time and brings up to date each time. Kind is Mercurial or Git.
func OpenURL(ctx context.Context, runner run.Runner, url, kind, folder string) (Repository, error) {
	sum := sha256.Sum256([]byte(kind + " " + url))
	mirror := filepath.Join(folder, hex.EncodeToString(sum[:8]))
	_, err := os.Stat(mirror)
	switch {
	case err == nil:
		err = transfer(ctx, runner, url, pull(kind, mirror))
	case errors.Is(err, fs.ErrNotExist):
		err = clone(ctx, runner, url, kind, mirror)
	}
	if err != nil {
		return nil, err
	}
	if kind == Git {
		return openGit(mirror)
	}
	return &mercurial{root: mirror, server: newCommandServer(runner, mirror)}, nil
}

// clone makes the mirror under another name first: one that was cut off must
// not be taken for a whole one.
func clone(ctx context.Context, runner run.Runner, url, kind, mirror string) error {
	if err := os.MkdirAll(filepath.Dir(mirror), 0o700); err != nil {
		return err
	}
	partial, err := os.MkdirTemp(filepath.Dir(mirror), "clone-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(partial) }()
	whole := filepath.Join(partial, "repository")
	command := run.Command{Name: "hg", Args: []string{"clone", "--noupdate", "--", url, whole}}
	if kind == Git {
		command = run.Command{Name: "git", Args: []string{"clone", "--quiet", "--mirror", "--", url, whole}}
	}
	if err := transfer(ctx, runner, url, command); err != nil {
		return err
	}
	if err := os.Rename(whole, mirror); err != nil && !errors.Is(err, fs.ErrExist) {
		return err // another skycap that made it meanwhile is no fault
	}
	return nil
}

func pull(kind, mirror string) run.Command {
	if kind == Git {
		return run.Command{Name: "git", Args: []string{"--git-dir=" + mirror, "fetch", "--quiet", "--prune"}}
	}
	return run.Command{Name: "hg", Args: []string{"--repository=" + mirror, "pull"}}
}

func transfer(ctx context.Context, runner run.Runner, url string, command run.Command) error {
	command.Timeout = transferTimeout
	// Neither asks for a password: there is no terminal to ask on.
	command.Env = []string{"HGPLAIN=+strictflags", "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=file:git:http:https:ssh"}
	err := runner.Run(ctx, command)
	var exit *run.ExitError
	if errors.As(err, &exit) {
		return &RemoteError{URL: url, Detail: lastLine(exit.Stderr)}
	}
	return err
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}

// RemoteError says that a remote repository could not be read.
type RemoteError struct {
	URL, Detail string
}

func (e *RemoteError) Error() string { return fmt.Sprintf("repository %q: %s", e.URL, e.Detail) }
