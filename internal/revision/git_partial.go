package revision

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/skycap/skycap/internal/run"
)

// bring fetches those of the files that a partial clone doesn't have yet, in one request:
// git itself makes one for each that it is asked for. How large they are nobody knows before.
func (g *gitProgram) bring(ctx context.Context, revision Revision, lines [][]string) error {
	remote, err := g.promisor(ctx)
	if err != nil || remote == "" {
		return err
	}
	listed, err := g.git(ctx, "rev-list", "--objects", "--missing=print", revision.ID+"^{tree}")
	if err != nil {
		return err
	}
	missing := map[string]bool{}
	for line := range strings.Lines(string(listed)) {
		if hash, ok := strings.CutPrefix(line, "?"); ok {
			missing[strings.TrimSpace(hash)] = true
		}
	}
	var wanted strings.Builder
	for _, line := range lines {
		if missing[line[3]] {
			delete(missing, line[3])
			wanted.WriteString(line[3] + "\n")
		}
	}
	if wanted.Len() == 0 {
		return nil
	}
	// As git does it when it needs one.
	fetch := g.command(&bytes.Buffer{}, "-c", "fetch.negotiationAlgorithm=noop", "-c", "maintenance.auto=false", "fetch", "--quiet", "--no-tags",
		"--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none", "--stdin", "--", remote)
	fetch.Stdin = strings.NewReader(wanted.String())
	err = g.runner.Run(ctx, fetch)
	var failed *run.ExitError
	switch {
	case errors.As(err, &failed) && failed.Code == gitUsage: // git before 2.29 fetches one by one
		return nil
	case errors.As(err, &failed):
		address := g.addressOf(ctx, remote)
		return &RemoteError{URL: masked(address), Kind: Git, Detail: without(inOneLine(failed.Stderr), address)}
	}
	return err
}

// gitUsage is how git ends where it doesn't know an option.
const gitUsage = 129

// addressOf is the address of a remote, or its name where it has none.
func (g *gitProgram) addressOf(ctx context.Context, remote string) string {
	out, err := g.git(ctx, "config", "--get", "remote."+remote+".url")
	if err != nil {
		return remote
	}
	return strings.TrimSpace(string(out))
}

// promisor is the remote that has what a partial clone lacks; empty where the clone is whole.
func (g *gitProgram) promisor(ctx context.Context) (string, error) {
	out, err := g.git(ctx, "config", "--type=bool", "--get-regexp", `^remote\..*\.promisor$`)
	var none *run.ExitError
	if errors.As(err, &none) && none.Code == 1 {
		return "", nil
	}
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutSuffix(strings.TrimSpace(line), ".promisor true"); ok {
			return strings.TrimPrefix(name, "remote."), nil
		}
	}
	return "", err
}
