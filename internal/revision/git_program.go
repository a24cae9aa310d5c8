package revision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skycap/skycap/internal/run"
)

// gitProgram is a Git repository that git itself reads, where go-git can't: with
// extensions that it doesn't know, such as another format of hashes, or where objects
// are still elsewhere.
type gitProgram struct {
	runner run.Runner
	dir    string
}

func (g *gitProgram) Kind() string { return Git }

func (g *gitProgram) Close() error { return nil }

// git runs git and returns its stdout, or a *run.ExitError.
func (g *gitProgram) git(ctx context.Context, args ...string) ([]byte, error) {
	var stdout bytes.Buffer
	err := g.runner.Run(ctx, g.command(&stdout, args...))
	return stdout.Bytes(), err
}

// gitPlaces are the variables that would lead git to another repository: its hooks set them.
func gitPlaces() []string {
	return []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY"}
}

// command reads the repository and nothing that replaces parts of it, as go-git does.
func (g *gitProgram) command(stdout io.Writer, args ...string) run.Command {
	return run.Command{
		Name: "git", Args: append([]string{"-C", g.dir, "-c", "log.showSignature=false"}, args...), Stdout: stdout,
		Env:     append(unattended(), "LC_ALL=C", "GIT_LITERAL_PATHSPECS=1", "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0"),
		Without: gitPlaces(),
		Timeout: transferTimeout, // it may have to fetch what it is asked for
	}
}

func (g *gitProgram) Resolve(ctx context.Context, name string) (Revision, error) {
	if err := checkName(name); err != nil {
		return Revision{}, err
	}
	out, err := g.git(ctx, "rev-parse", "--verify", "--end-of-options", name+"^{commit}")
	hash := strings.TrimSpace(string(out))
	var failed *run.ExitError
	switch {
	case errors.As(err, &failed) && strings.Contains(failed.Stderr, "is ambiguous"):
		return Revision{}, g.ambiguous(ctx, name)
	case errors.As(err, &failed):
		said, _, _ := strings.Cut(failed.Stderr, "\n")
		return Revision{}, &UnknownError{Name: name, Repository: g.dir, Detail: strings.TrimPrefix(said, "fatal: "), Shallow: g.isShallow(ctx)}
	case err != nil:
		return Revision{}, err
	case !fullHash.MatchString(hash): // "^name" is what a name leaves out
		return Revision{}, &UnknownError{Name: name, Repository: g.dir, Detail: "that is not a commit"}
	}
	found, err := g.log(ctx, "--no-walk", hash)
	if err != nil {
		return Revision{}, err
	}
	return found[0], nil
}

// isShallow tells whether the history is cut off.
func (g *gitProgram) isShallow(ctx context.Context) bool {
	out, err := g.git(ctx, "rev-parse", "--is-shallow-repository")
	return err == nil && strings.TrimSpace(string(out)) == "true"
}

// ambiguous lists the commits whose hash begins with name.
func (g *gitProgram) ambiguous(ctx context.Context, name string) error {
	prefix := gitPrefix.FindStringSubmatch(name)
	if prefix == nil {
		return &UnknownError{Name: name, Repository: g.dir, Detail: "it is ambiguous"}
	}
	out, err := g.git(ctx, "rev-parse", "--disambiguate="+prefix[1])
	if err != nil {
		return err
	}
	ambiguous := &AmbiguousError{Name: name}
	for _, hash := range strings.Fields(string(out)) {
		if kind, err := g.git(ctx, "cat-file", "-t", hash); err != nil || strings.TrimSpace(string(kind)) != "commit" {
			continue
		}
		found, err := g.log(ctx, "--no-walk", hash)
		if err != nil {
			return err
		}
		ambiguous.Candidates = append(ambiguous.Candidates, found...)
	}
	slices.SortFunc(ambiguous.Candidates, func(a, b Revision) int { return b.Date.Compare(a.Date) })
	return ambiguous
}

// gitFields is what git prints of a commit, each field ended by NUL.
const gitFields = "%H%x00%an%x00%ad%x00%B%x00"

func (g *gitProgram) log(ctx context.Context, args ...string) ([]Revision, error) {
	out, err := g.git(ctx, append([]string{"log", "--date=raw", "--format=format:" + gitFields}, args...)...)
	if err != nil {
		return nil, err
	}
	var revisions []Revision
	for fields := range slices.Chunk(splitNUL(out), 4) {
		if len(fields) < 4 {
			return nil, fmt.Errorf("git log printed %q for a commit", fields)
		}
		date, err := parseGitDate(fields[2])
		if err != nil {
			return nil, err
		}
		summary, _, _ := strings.Cut(strings.TrimSpace(fields[3]), "\n")
		revisions = append(revisions, Revision{
			ID: strings.TrimSpace(fields[0]), Number: -1, Author: fields[1], Date: date, Summary: summary,
		})
	}
	return revisions, nil
}

// parseGitDate reads git's raw date: seconds since 1970, a space, and the zone as ±hhmm.
func parseGitDate(text string) (time.Time, error) {
	seconds, zone, _ := strings.Cut(text, " ")
	since, err := strconv.ParseInt(seconds, 10, 64)
	offset, zoneErr := time.Parse("-0700", zone)
	if err != nil || zoneErr != nil {
		return time.Time{}, fmt.Errorf("git printed %q for a date", text)
	}
	return time.Unix(since, 0).In(offset.Location()), nil
}

func (g *gitProgram) Between(ctx context.Context, from, to string, most int) ([]Revision, error) {
	if err := checkHashes(from, to); err != nil {
		return nil, err
	}
	found, err := g.log(ctx, "--max-count="+strconv.Itoa(most), to, "^"+from)
	var failed *run.ExitError
	for _, hash := range []string{from, to} {
		if !errors.As(err, &failed) {
			break
		}
		if _, unknown := g.Resolve(ctx, hash); unknown != nil {
			err = unknown
		}
	}
	return found, err
}

// Phase asks for a branch of a remote that has the commit.
func (g *gitProgram) Phase(ctx context.Context, revision Revision) (Phase, error) {
	remotes, err := g.git(ctx, "remote")
	if err != nil || len(remotes) == 0 {
		return "", err
	}
	branches, err := g.git(ctx, "for-each-ref", "--count=1", "--contains="+revision.ID, "refs/remotes")
	switch {
	case err != nil:
		return "", err
	case len(branches) > 0:
		return Public, nil
	}
	return Draft, nil
}

func (g *gitProgram) Source(ctx context.Context) (string, error) {
	out, err := g.git(ctx, "config", "--get", "remote.origin.url")
	var none *run.ExitError
	if errors.As(err, &none) {
		return "", nil
	}
	return sourceOf(strings.TrimSpace(string(out))), err
}
