package revision

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
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

// command reads the repository and nothing that replaces parts of it, as go-git does.
func (g *gitProgram) command(stdout io.Writer, args ...string) run.Command {
	return run.Command{
		Name: "git", Args: append([]string{"-C", g.dir, "-c", "log.showSignature=false"}, args...), Stdout: stdout,
		Env:     append(unattended(), "LC_ALL=C", "GIT_LITERAL_PATHSPECS=1", "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0"),
		Without: []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY"},
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
		return Revision{}, &UnknownError{Name: name, Repository: g.dir, Detail: strings.TrimPrefix(said, "fatal: ")}
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
	return g.log(ctx, "--max-count="+strconv.Itoa(most), to, "^"+from)
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

// gitEntry is a line of ls-tree: mode, type, hash, a size where that was asked for, and path.
var gitEntry = regexp.MustCompile(`(?s)^(\d{6}) (\w+) ([0-9a-f]+)(?: +(\d+|-))?\t(.*)$`)

// tree lists what lies at or below the paths, each line as gitEntry takes it apart.
func (g *gitProgram) tree(ctx context.Context, revision Revision, paths []string, options ...string) ([][]string, error) {
	args := append([]string{"ls-tree", "-r", "-z", "--full-tree"}, options...)
	args = append(args, "--end-of-options", revision.ID)
	if !slices.Contains(paths, ".") { // all of it has no path
		args = append(args, paths...)
	}
	out, err := g.git(ctx, args...)
	if err != nil {
		return nil, err
	}
	var lines [][]string
	for _, line := range splitNUL(out) {
		fields := gitEntry.FindStringSubmatch(line)
		if fields == nil {
			return nil, fmt.Errorf("git ls-tree printed %q", line)
		}
		if fields[2] == "commit" {
			return nil, &SubrepositoryError{Kind: Git, Revision: revision, Paths: []string{fields[5]}}
		}
		lines = append(lines, fields)
	}
	return lines, nil
}

func (g *gitProgram) List(ctx context.Context, revision Revision, paths []string, most int) ([]Entry, error) {
	lines, err := g.tree(ctx, revision, paths)
	if err == nil && len(lines) <= most {
		lines, err = g.tree(ctx, revision, paths, "--long")
	}
	var entries []Entry
	for _, line := range lines {
		entry := Entry{Path: line[5], Size: Unsized}
		if line[4] != "" {
			entry.Size, err = strconv.ParseInt(line[4], 10, 64)
		}
		entries = append(entries, entry)
	}
	return entries, err
}

func (g *gitProgram) Files(ctx context.Context, revision Revision, paths []string) (Tree, error) {
	lines, err := g.tree(ctx, revision, paths)
	if err != nil || len(lines) == 0 {
		return Tree{}, err
	}
	var hashes strings.Builder
	for _, line := range lines {
		hashes.WriteString(line[3] + "\n")
	}
	output, stdout := io.Pipe()
	var tree Tree
	var fault error
	read := make(chan struct{})
	go func() {
		defer close(read)
		tree, fault = readBatch(output, lines)
		_, _ = io.Copy(io.Discard, output) // git must not wait for it to be read
	}()
	command := g.command(stdout, "cat-file", "--batch")
	command.Stdin = strings.NewReader(hashes.String())
	err = g.runner.Run(ctx, command)
	_ = stdout.Close()
	<-read
	if err == nil {
		err = fault
	}
	return tree, err
}

// readBatch reads the content of each line's file as cat-file prints it: a line with
// hash, type and size, the bytes, and a line end.
func readBatch(printed io.Reader, lines [][]string) (Tree, error) {
	tree := Tree{}
	reader := bufio.NewReader(printed)
	for _, line := range lines {
		var hash, kind string
		var size int
		head, err := reader.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("git cat-file ended before %q: %w", line[5], err)
		}
		if _, err := fmt.Sscanf(head, "%s %s %d", &hash, &kind, &size); err != nil || hash != line[3] {
			return nil, fmt.Errorf("git cat-file printed %q for %q", strings.TrimSpace(head), line[5])
		}
		data := make([]byte, size+1)
		if _, err := io.ReadFull(reader, data); err != nil {
			return nil, fmt.Errorf("git cat-file ended in %q: %w", line[5], err)
		}
		tree[line[5]] = gitFile(line[1], data[:size:size])
	}
	return tree, nil
}

// gitFile is a file by the mode that git has of it.
func gitFile(mode string, data []byte) File {
	if mode == "120000" {
		return File{Link: string(data)}
	}
	return File{Data: data, Executable: mode == "100755"}
}

func (g *gitProgram) Changed(ctx context.Context, from, to string) (changed, removed []string, err error) {
	if err := checkHashes(from, to); err != nil {
		return nil, nil, err
	}
	for _, hash := range []string{from, to} {
		if _, err := g.Resolve(ctx, hash); err != nil {
			return nil, nil, err
		}
	}
	// Of each path a line with both modes, and the path.
	out, err := g.git(ctx, "diff-tree", "-r", "-z", "--no-renames", from, to)
	if err != nil {
		return nil, nil, err
	}
	for fields := range slices.Chunk(splitNUL(out), 2) {
		if len(fields) < 2 || len(fields[0]) < 14 {
			return nil, nil, fmt.Errorf("git diff-tree printed %q", fields)
		}
		switch was, is := fields[0][1:7], fields[0][8:14]; {
		case isGitFile(is):
			changed = append(changed, fields[1])
		case isGitFile(was):
			removed = append(removed, fields[1])
		}
	}
	slices.Sort(changed)
	slices.Sort(removed)
	return changed, removed, nil
}

// isGitFile tells a mode of a file or link from those of submodules and of nothing.
func isGitFile(mode string) bool { return mode != "160000" && mode != "000000" }
