package revision

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

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

func (g *gitProgram) Files(ctx context.Context, revision Revision, paths []string, limit Limit) (Tree, error) {
	lines, err := g.tree(ctx, revision, paths)
	isLimited := limit != (Limit{})
	tooMany := isLimited && len(lines) > limit.Files
	if err == nil && !tooMany {
		err = g.bring(ctx, revision, lines)
	}
	if err == nil && isLimited && !tooMany {
		lines, err = g.tree(ctx, revision, paths, "--long")
	}
	sizes := make([]int64, len(lines))
	for i, line := range lines {
		if sizes[i] = Unsized; line[4] != "" && err == nil {
			sizes[i], err = strconv.ParseInt(line[4], 10, 64)
		}
	}
	if err != nil {
		return nil, err
	}
	tree := Tree{}
	var read [][]string
	for i, isRead := range limit.read(sizes) {
		if tooMany || !isRead {
			tree[lines[i][5]] = File{Unread: sizes[i], Executable: lines[i][1] == "100755"}
		} else {
			read = append(read, lines[i])
		}
	}
	if len(read) == 0 {
		return tree, nil
	}
	return tree, g.readInto(ctx, tree, read)
}

// readInto adds the files of these lines.
func (g *gitProgram) readInto(ctx context.Context, tree Tree, lines [][]string) error {
	var hashes strings.Builder
	for _, line := range lines {
		hashes.WriteString(line[3] + "\n")
	}
	output, stdout := io.Pipe()
	var fault error
	read := make(chan struct{})
	go func() {
		defer close(read)
		fault = readBatch(tree, output, lines)
		_, _ = io.Copy(io.Discard, output) // git must not wait for it to be read
	}()
	command := g.command(stdout, "cat-file", "--batch")
	command.Stdin = strings.NewReader(hashes.String())
	err := g.runner.Run(ctx, command)
	_ = stdout.Close()
	<-read
	if err == nil {
		err = fault
	}
	return err
}

// readBatch reads the content of each line's file as cat-file prints it: a line with
// hash, type and size, the bytes, and a line end.
func readBatch(tree Tree, printed io.Reader, lines [][]string) error {
	reader := bufio.NewReader(printed)
	for _, line := range lines {
		var hash, kind string
		var size int
		head, err := reader.ReadString('\n')
		if err != nil {
			return fmt.Errorf("git cat-file ended before %q: %w", line[5], err)
		}
		if _, err := fmt.Sscanf(head, "%s %s %d", &hash, &kind, &size); err != nil || hash != line[3] {
			return fmt.Errorf("git cat-file printed %q for %q", strings.TrimSpace(head), line[5])
		}
		data := make([]byte, size+1)
		if _, err := io.ReadFull(reader, data); err != nil {
			return fmt.Errorf("git cat-file ended in %q: %w", line[5], err)
		}
		tree[line[5]] = gitFile(line[1], data[:size:size])
	}
	return nil
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
