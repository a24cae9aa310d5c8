package example

import (
	"context"
	"os"
	"strings"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
)

// repository is a Mercurial working copy.
type repository string

// hg runs Mercurial with nobody's settings but the repository's own, and without
// the variables that it hands to hooks.
func (r repository) hg(ctx context.Context, args ...string) (string, error) {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "HG") {
			env = append(env, entry)
		}
	}
	out, err := process.Command{
		Argv: append([]string{"hg", "--repository=" + string(r)}, args...),
		Dir:  "/",
		Env:  append(env, "HGPLAIN=1", "HGRCPATH=", "HGENCODING=utf-8"),
	}.Run(ctx)
	return strings.TrimSpace(string(out)), err
}

// changesets lists the full hashes, oldest first.
func (r repository) changesets(ctx context.Context) ([]string, error) {
	out, err := r.hg(ctx, "log", "--rev=all()", `--template={node}\n`)
	return strings.Fields(out), err
}
