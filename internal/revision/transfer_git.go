package revision

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"

	"github.com/skycap/skycap/internal/run"
)

// gitHead is what HEAD of a mirror stands for: where that of the other repository was, on a
// branch or not, when it was last fetched.
const gitHead plumbing.ReferenceName = "refs/skycap/HEAD"

// mirrored is what a mirror has of a repository. A place of one name would have to be there:
// HEAD isn't in one that is new, so it is a pattern.
func mirrored() []config.RefSpec {
	return []config.RefSpec{"+HEAD*:" + config.RefSpec(gitHead) + "*", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}
}

func (m *mirror) copyGit(ctx context.Context, path string) error {
	repository, err := git.PlainInit(path, true)
	if err == nil {
		err = repository.Storer.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, gitHead))
	}
	if err != nil {
		return err
	}
	return m.told(m.fetch(ctx, path))
}

// fetch fetches all that a mirror is to have, or one commit that is in no branch or tag.
func (m *mirror) fetch(ctx context.Context, path string, commit ...string) error {
	if err := m.writeSettings(path); err != nil {
		return err
	}
	args := []string{"-c", "gc.auto=0", "fetch", "--quiet", "--update-shallow"} // else nothing comes of a shallow one
	if len(commit) == 0 {
		args = append(args, "--prune")
	}
	return m.git(ctx, path, append(append(args, git.DefaultRemoteName), commit...)...)
}

// writeSettings writes the address as it lets people in today. Whoever reads the settings
// meanwhile has the former ones.
func (m *mirror) writeSettings(path string) error {
	settings := config.NewConfig()
	settings.Core.IsBare = true
	settings.Raw.Section("core").SetOption("logAllRefUpdates", "false") // what it had when concerns nobody
	settings.Remotes[git.DefaultRemoteName] = &config.RemoteConfig{
		Name: git.DefaultRemoteName, URLs: []string{m.from.URL}, Fetch: mirrored(),
	}
	content, err := settings.Marshal()
	if err != nil {
		return err
	}
	file := filepath.Join(path, "config")
	if written, err := os.ReadFile(file); err == nil && bytes.Equal(written, content) {
		return nil
	}
	if err := os.WriteFile(file+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// pullGit lets git clear away only what nobody reads: it takes away files of which
// others have learned already.
func (m *mirror) pullGit(ctx context.Context) error {
	if err := m.fetch(ctx, m.path); err != nil {
		return err
	}
	if alone, err := m.reading.try(true); err == nil && alone {
		if err := m.git(ctx, m.path, "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet"); err != nil {
			return err
		}
	}
	return m.reopen()
}

// fetchCommit fetches a commit that is in no branch or tag, as one of a pull request is.
// Not all servers give those.
func (m *mirror) fetchCommit(ctx context.Context, hash string) error {
	if err := m.fetch(ctx, m.path, hash); err != nil {
		return err
	}
	return m.reopen()
}

// reopen makes what was fetched be seen.
func (m *mirror) reopen() error {
	_ = m.Repository.Close()
	return m.open()
}

// git runs git in a mirror.
func (m *mirror) git(ctx context.Context, path string, args ...string) error {
	err := m.from.Runner.Run(ctx, run.Command{
		Name: "git", Args: append([]string{"--git-dir=" + path}, args...),
		Env: append(unattended(), "LC_ALL=C"), Without: gitPlaces(), Timeout: transferTimeout,
	})
	var exit *run.ExitError
	if errors.As(err, &exit) {
		return m.judge(exit.Stderr)
	}
	return err
}
