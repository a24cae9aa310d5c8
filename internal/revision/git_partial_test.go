package revision

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
)

// What a partial clone lacks comes in one request, however many files it is, and no others.
func TestAPartialCloneFetchesOnce(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Git)
	c.do("config", "uploadpack.allowFilter", "true")
	for i := range 5 {
		c.write("config/"+strconv.Itoa(i), strconv.Itoa(i))
		c.write("other/"+strconv.Itoa(i), "other "+strconv.Itoa(i))
	}
	id := c.commit("one")
	for name, limit := range map[string]Limit{"limited": {Files: 10, Size: 10, Total: 100}, "all": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clone, trace := c.clone("--filter=blob:none", "--no-checkout"), filepath.Join(t.TempDir(), "trace")
			traced := run.Func(func(ctx context.Context, command run.Command) error {
				command.Env = append(command.Env, "GIT_TRACE="+trace)
				return run.Local{}.Run(ctx, command)
			})
			repository, err := Open(traced, clone.dir, Git)
			require.NoError(t, err)
			for range 2 {
				files, err := repository.Files(t.Context(), Revision{ID: id}, []string{"config"}, limit)
				require.NoError(t, err)
				assert.Len(t, files, 5)
				assert.Equal(t, "3", string(files["config/3"].Data))
			}
			said, err := os.ReadFile(trace)
			require.NoError(t, err)
			assert.Equal(t, 1, strings.Count(string(said), "built-in: git upload-pack"))
			missing := clone.do("rev-list", "--objects", "--missing=print", "HEAD")
			assert.Equal(t, 5, strings.Count(missing, "?"), "what nobody asked for stays where it is")
		})
	}
}

// Where what a partial clone lacks doesn't come, that is said, and of whom.
func TestAPartialCloneWhoseOriginIsGone(t *testing.T) {
	t.Parallel()
	c := newCheckout(t, Git)
	c.do("config", "uploadpack.allowFilter", "true")
	c.write("a", "1")
	id := c.commit("one")
	clone := c.clone("--filter=blob:none", "--no-checkout")
	clone.do("config", "remote.origin.url", "file://ann:s3cret@localhost"+c.dir+"/gone")
	_, err := clone.open().Files(t.Context(), Revision{ID: id}, nil, Limit{})
	var remote *RemoteError
	require.ErrorAs(t, err, &remote)
	assert.Equal(t, Git, remote.Kind)
	assert.Equal(t, "file://localhost"+c.dir+"/gone", remote.URL)
	assert.Contains(t, remote.Detail, "does not appear to be a git repository")
	assert.NotContains(t, err.Error(), "s3cret")

	old := run.Func(func(ctx context.Context, command run.Command) error {
		if slices.Contains(command.Args, "--no-write-fetch-head") {
			return &run.ExitError{Command: command, Code: 129, Stderr: "error: unknown option `no-write-fetch-head'"}
		}
		return run.Local{}.Run(ctx, command)
	})
	clone.do("config", "remote.origin.url", "file://"+c.dir)
	repository, err := Open(old, clone.dir, Git)
	require.NoError(t, err)
	files, err := repository.Files(t.Context(), Revision{ID: id}, nil, Limit{})
	require.NoError(t, err)
	assert.Equal(t, "1", string(files["a"].Data))
}
