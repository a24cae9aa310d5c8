package revision

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/skycap/skycap/internal/run"
)

// damagedError says that the fault is the mirror's, not that of what it mirrors.
type damagedError struct{ said string }

func (e *damagedError) Error() string { return e.said }

// damage is what hg and git say of a repository on this machine that they can't use, and
// hg of one that has nothing in common with what it is to pull.
var damage = regexp.MustCompile(`(?i)repository is unrelated|corrupt|integrity|no match found|unknown version|features unknown|run 'hg recover'|index .* too short|` +
	`not a git repository|bad object|missing (blob|tree|commit)|unable to (read|create) |cannot lock ref|invalid index-pack|does not point to a valid object`)

// What is said of a machine where a mirror that is made anew would fare no better; denied
// may be said of what is elsewhere, too.
var (
	around = regexp.MustCompile(`(?i)no space left on device|disk quota exceeded|read-only file system|too many open files|cannot allocate memory|out of memory`)
	denied = regexp.MustCompile(`(?i)permission denied|operation not permitted|dubious ownership`)
)

// theirs are the lines of what the other side says of itself, as hg and git mark them.
var theirs = regexp.MustCompile(`(?im)^\s*(remote: |((fatal|error): )?git upload-pack: |(fatal|error): remote error: |.* on the remote side).*$`)

// unattended keeps ssh, hg and git from asking on the terminal: there is nobody to answer.
func unattended() []string {
	return []string{"HGPLAIN=+strictflags", "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=file:http:https:ssh", "SSH_ASKPASS_REQUIRE=force"}
}

// copyTo makes a new mirror. The address is in no command line, where this machine's
// other users would see it: hg reads it from a pipe, git from the mirror's own settings.
func (m *mirror) copyTo(ctx context.Context, path string) error {
	if m.from.Kind == Git {
		return m.copyGit(ctx, path)
	}
	if err := m.from.Runner.Run(ctx, run.Command{Name: "hg", Args: []string{"init", "--", path}, Env: unattended()}); err != nil {
		return err
	}
	server := newCommandServer(m.from.Runner, path)
	defer server.close()
	return m.told(m.pullMercurial(ctx, server))
}

// told is the error of a copy that was made: all of it is the fault of what it copies.
func (m *mirror) told(err error) error {
	var damaged *damagedError
	if errors.As(err, &damaged) {
		return m.failed(damaged.said)
	}
	return err
}

// pull brings the mirror up to date. It returns a *damagedError where it is the mirror
// that can't be used.
func (m *mirror) pull(ctx context.Context) error {
	if m.from.Kind == Git {
		return m.pullGit(ctx)
	}
	server := m.Repository.(*mercurial).server
	err := m.pullMercurial(ctx, server)
	var damaged *damagedError
	if !errors.As(err, &damaged) {
		return err
	}
	if _, recovery := server.run(ctx, "recover"); recovery != nil {
		return err
	}
	return m.pullMercurial(ctx, server)
}

func (m *mirror) pullMercurial(ctx context.Context, server *commandServer) error {
	_, err := server.run(ctx, "skycap-pull", "--", m.from.URL)
	var failed *hgError
	if errors.As(err, &failed) {
		return m.judge(failed.stderr)
	}
	if said := fmt.Sprint(err); err != nil && ctx.Err() == nil && (m.isDamage(said) || m.isAround(said)) {
		return m.judge(said)
	}
	return err
}

// isDamage tells whether it is the mirror that can't be used, by what hg or git said.
func (m *mirror) isDamage(said string) bool {
	return !m.isAround(said) && !strings.Contains(said, "askpass") && (damage.MatchString(said) || strings.Contains(said, m.path))
}

// isAround tells whether it is this machine that lets no mirror be used.
func (m *mirror) isAround(said string) bool {
	return around.MatchString(said) || denied.MatchString(said) && strings.Contains(said, m.path)
}

// judge tells whose fault it is, by what hg or git said.
func (m *mirror) judge(said string) error {
	detail, ours := inOneLine(said), theirs.ReplaceAllString(said, "")
	switch {
	case m.isAround(ours):
		return &CopyError{URL: masked(m.from.URL), Folder: m.from.Folder, Detail: without(detail, m.from.URL)}
	case m.isDamage(ours):
		return &damagedError{said: without(detail, m.from.URL)}
	}
	return m.failed(detail)
}

// inOneLine is what hg or git said, without the words that start each failure.
func inOneLine(said string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(said)) {
		line = strings.TrimSpace(line)
		for _, word := range []string{"abort: ", "fatal: ", "error: ", "remote: "} {
			line = strings.TrimPrefix(line, word)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// CopyError says that this machine lets no copy of a remote repository be kept.
type CopyError struct {
	URL, Detail string // without what lets people in
	Folder      string // of all copies
}

func (e *CopyError) Error() string {
	return fmt.Sprintf("the copy of repository %q in %q: %s", e.URL, e.Folder, e.Detail)
}
