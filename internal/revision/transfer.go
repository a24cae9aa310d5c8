package revision

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"

	"github.com/skycap/skycap/internal/run"
)

// damagedError says that the fault is the mirror's, not that of what it mirrors.
type damagedError struct{ said string }

func (e *damagedError) Error() string { return e.said }

// damage is what hg and git say of a repository on this machine that they can't use, and
// hg of one that has nothing in common with what it is to pull.
var damage = regexp.MustCompile(`(?i)repository is unrelated|corrupt|integrity|no match found|unknown version|features unknown|run 'hg recover'|index .* too short|` +
	`not a git repository|bad object|missing (blob|tree|commit)|unable to (read|create) |cannot lock ref|invalid index-pack|does not point to a valid object`)

// unattended keeps ssh, hg and git from asking on the terminal: there is nobody to answer.
func unattended() []string {
	return []string{"HGPLAIN=+strictflags", "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=file:http:https:ssh", "SSH_ASKPASS_REQUIRE=force"}
}

func (m *mirror) openAt(path string) (Repository, error) {
	if m.from.Kind == Git {
		return openGit(m.from.Runner, path)
	}
	return &mercurial{root: path, server: newCommandServer(m.from.Runner, path)}, nil
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

func (m *mirror) copyGit(ctx context.Context, path string) error {
	repository, err := git.PlainInit(path, true)
	if err != nil {
		return err
	}
	_, err = repository.CreateRemote(&config.RemoteConfig{
		Name: git.DefaultRemoteName, URLs: []string{m.from.URL}, Mirror: true, Fetch: []config.RefSpec{"+refs/*:refs/*"},
	})
	if err == nil {
		err = m.git(ctx, path, nil, "fetch", "--quiet", "--prune", git.DefaultRemoteName)
	}
	var listed bytes.Buffer
	if err == nil {
		err = m.git(ctx, path, &listed, "ls-remote", "--symref", git.DefaultRemoteName, plumbing.HEAD.String())
	}
	if err != nil {
		return m.told(err)
	}
	if branch, ok := strings.CutPrefix(listed.String(), "ref: "); ok {
		branch, _, _ = strings.Cut(branch, "\t")
		return repository.Storer.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, plumbing.ReferenceName(branch)))
	}
	return nil
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
	if err != nil && ctx.Err() == nil && m.isDamage(err.Error()) {
		return &damagedError{said: err.Error()}
	}
	return err
}

// pullGit lets git clear away only what nobody reads: it takes away files of which
// others have learned already.
func (m *mirror) pullGit(ctx context.Context) error {
	if err := m.git(ctx, m.path, nil, "-c", "gc.auto=0", "fetch", "--quiet", "--prune", git.DefaultRemoteName); err != nil {
		return err
	}
	if alone, err := m.reading.try(true); err == nil && alone {
		if err := m.git(ctx, m.path, nil, "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet"); err != nil {
			return err
		}
	}
	_ = m.Repository.Close()
	return m.open()
}

// git runs git in a mirror.
func (m *mirror) git(ctx context.Context, path string, stdout *bytes.Buffer, args ...string) error {
	command := run.Command{Name: "git", Args: append([]string{"--git-dir=" + path}, args...), Env: append(unattended(), "LC_ALL=C"), Without: gitPlaces(), Timeout: transferTimeout}
	if stdout != nil {
		command.Stdout = stdout
	}
	err := m.from.Runner.Run(ctx, command)
	var exit *run.ExitError
	if errors.As(err, &exit) {
		return m.judge(exit.Stderr)
	}
	return err
}

// isDamage tells whether it is the mirror that can't be used, by what hg or git said.
func (m *mirror) isDamage(said string) bool {
	return damage.MatchString(said) || strings.Contains(said, m.path)
}

// judge tells whose fault it is, by what hg or git said.
func (m *mirror) judge(said string) error {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(said)) {
		line = strings.TrimSpace(line)
		for _, word := range []string{"abort: ", "fatal: ", "error: ", "remote: "} {
			line = strings.TrimPrefix(line, word)
		}
		lines = append(lines, line)
	}
	detail := strings.Join(lines, "; ")
	if m.isDamage(said) {
		return &damagedError{said: without(detail, m.from.URL)}
	}
	return m.failed(detail)
}
