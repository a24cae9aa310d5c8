package revision

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// grow adds commits to a repository, in no time. The first has a file.
func (c checkout) grow(commits int) {
	c.t.Helper()
	if c.kind == Mercurial {
		bundle := filepath.Join(c.t.TempDir(), "bundle")
		require.NoError(c.t, os.WriteFile(bundle, bundleOf(map[string]string{"a": "1"}, commits), 0o600))
		c.do("unbundle", "--quiet", bundle)
		return
	}
	var stream strings.Builder
	for i := range commits {
		fmt.Fprintf(&stream, "commit refs/heads/grown\ncommitter Ann <ann@example.com> %d +0000\ndata 4\nmore\n", 1_700_000_000+i)
		if i == 0 {
			stream.WriteString("M 644 inline a\ndata 1\n1\n")
		}
	}
	command := exec.CommandContext(c.t.Context(), "git", "fast-import", "--quiet")
	command.Dir, command.Stdin = c.dir, strings.NewReader(stream.String())
	out, err := command.CombinedOutput()
	require.NoError(c.t, err, "%s", out)
}

// All that a deploy asks of a repository costs one start of hg, and none of git, however
// long its history is. HISTORY is how many commits that has: make history.
func TestALongHistoryCostsOneStart(t *testing.T) {
	t.Parallel()
	commits := 1000
	if text := os.Getenv("HISTORY"); text != "" {
		var err error
		commits, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	starts := map[string]int{Mercurial: 1, Git: 0}
	names := map[string][2]string{Mercurial: {"tip", "tip~10"}, Git: {"grown", "grown~10"}}
	for _, kind := range []string{Mercurial, Git} {
		t.Run(kind, func(t *testing.T) {
			c := newCheckout(t, kind)
			c.grow(commits)
			if kind == Git { // others have all but the newest
				c.do("remote", "add", "origin", "https://git.example.com/shop")
				c.do("update-ref", "refs/remotes/origin/grown", "grown~1")
			}
			counted := &counting{Runner: run.Local{}}
			repository, err := Open(counted, c.dir, kind)
			require.NoError(t, err)
			defer func() { assert.NoError(t, repository.Close()) }()
			took := func(what string, work func() error) {
				begun := time.Now()
				require.NoError(t, work(), what)
				t.Logf("%s, %d commits: %s took %s", kind, commits, what, time.Since(begun).Round(time.Millisecond))
			}
			var newest, older Revision
			took("the first name", func() (err error) { newest, err = repository.Resolve(t.Context(), names[kind][0]); return err })
			took("the next name", func() (err error) { older, err = repository.Resolve(t.Context(), names[kind][1]); return err })
			for _, digits := range []int{40, 16} {
				took(fmt.Sprintf("a hash of %d digits", digits), func() error {
					found, err := repository.Resolve(t.Context(), newest.ID[:digits])
					assert.Equal(t, newest.ID, found.ID)
					return err
				})
			}
			took("a size", func() error {
				listed, err := repository.Files(t.Context(), newest, []string{"a"}, Limit{Files: 10})
				assert.Equal(t, Tree{"a": {Unread: 1}}, listed)
				return err
			})
			took("a file", func() error {
				files, err := repository.Files(t.Context(), newest, []string{"a"}, Limit{})
				assert.Equal(t, Tree{"a": {Data: []byte("1")}}, files)
				return err
			})
			took("the phase", func() error {
				phase, err := repository.Phase(t.Context(), newest)
				assert.Equal(t, Draft, phase)
				return err
			})
			took("what came since", func() error {
				between, err := repository.Between(t.Context(), older.ID, newest.ID, 100)
				assert.Len(t, between, 10)
				return err
			})
			assert.Len(t, counted.started(), starts[kind])
		})
	}
}
