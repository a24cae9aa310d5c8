package revision

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// logTemplate prints a commit as fields that end in NUL.
const logTemplate = `{node}\0{rev}\0{branch}\0{author|person}\0{date|hgdate}\0{desc|firstline}\0` +
	`{phase}\0{obsolete}\0{successorssets % "{successorset % '{node} '}"}\0`

const logFields = 9

// These hashes stand for no commit: the null revision and the working copy's pseudo revisions.
var pseudoHash = regexp.MustCompile(`^(0{40}|f{40}|f{36}(fffd|fffe|fffc))$`)

var hexPrefix = regexp.MustCompile(`^[0-9a-f]{1,40}$`)

// mercurial is a Mercurial repository, read by hg itself.
type mercurial struct {
	root   string
	server *commandServer
}

func (m *mercurial) Kind() string { return Mercurial }

func (m *mercurial) Close() error {
	m.server.close()
	return nil
}

func (m *mercurial) Resolve(ctx context.Context, name string) (Revision, error) {
	if err := checkName(name); err != nil {
		return Revision{}, err
	}
	found, err := m.log(ctx, "--rev="+name, "--limit=3")
	var failed *hgError
	switch {
	case errors.As(err, &failed) && strings.Contains(failed.stderr, "ambiguous"):
		return Revision{}, m.ambiguous(ctx, name, failed)
	case errors.As(err, &failed) && strings.Contains(failed.stderr, "hidden revision"):
		return Revision{}, m.hidden(ctx, name, failed)
	case errors.As(err, &failed):
		return Revision{}, &UnknownError{Name: name, Repository: m.root, Detail: failed.detail()}
	case err != nil:
		return Revision{}, err
	case len(found) == 0:
		return Revision{}, &UnknownError{Name: name, Repository: m.root, Detail: "the set is empty"}
	case len(found) > 1:
		return Revision{}, &SeveralError{Name: name, First: found}
	case pseudoHash.MatchString(found[0].ID):
		return Revision{}, &UnknownError{Name: name, Repository: m.root, Detail: "that is not a commit"}
	}
	return found[0], nil
}

// ambiguous lists the commits whose hash begins with name. It reads every
// commit, which only this error has to.
func (m *mercurial) ambiguous(ctx context.Context, name string, failed *hgError) error {
	if !hexPrefix.MatchString(name) {
		return &UnknownError{Name: name, Repository: m.root, Detail: failed.detail()}
	}
	all, err := m.log(ctx, "--rev=sort(all(), -rev)")
	if err != nil {
		return &UnknownError{Name: name, Repository: m.root, Detail: failed.detail()}
	}
	ambiguous := &AmbiguousError{Name: name}
	for _, revision := range all {
		if strings.HasPrefix(revision.ID, name) {
			ambiguous.Candidates = append(ambiguous.Candidates, revision)
		}
	}
	return ambiguous
}

// hidden tells what became of a commit that hg hides, since it is obsolete.
func (m *mercurial) hidden(ctx context.Context, name string, failed *hgError) error {
	found, err := m.log(ctx, "--hidden", "--rev="+name, "--limit=1")
	if err != nil || len(found) == 0 {
		return &UnknownError{Name: name, Repository: m.root, Detail: failed.detail()}
	}
	return &HiddenError{Name: name, Repository: m.root, Revision: found[0]}
}

// Phase is known since the commit was resolved.
func (m *mercurial) Phase(_ context.Context, revision Revision) (Phase, error) {
	return revision.Phase, nil
}

func (m *mercurial) Between(ctx context.Context, from, to string, most int) ([]Revision, error) {
	if err := checkHashes(from, to); err != nil {
		return nil, err
	}
	return m.log(ctx, fmt.Sprintf("--rev=sort(only(%s, %s), -rev)", to, from), "--limit="+strconv.Itoa(most))
}

func (m *mercurial) log(ctx context.Context, args ...string) ([]Revision, error) {
	out, err := m.server.run(ctx, append([]string{"log", "--template=" + logTemplate}, args...)...)
	if err != nil {
		return nil, err
	}
	var revisions []Revision
	for fields := range slices.Chunk(splitNUL(out), logFields) {
		if len(fields) < logFields {
			return nil, &ChatterError{Said: strings.Join(fields, " ")}
		}
		revision, err := parseLog(fields)
		if err != nil {
			return nil, err
		}
		revisions = append(revisions, revision)
	}
	return revisions, nil
}

func parseLog(fields []string) (Revision, error) {
	number, err := strconv.Atoi(fields[1])
	if err != nil || !fullHash.MatchString(fields[0]) {
		return Revision{}, &ChatterError{Said: strings.Join(fields[:2], " ")}
	}
	date, err := parseDate(fields[4])
	return Revision{
		ID: fields[0], Number: number, Branch: fields[2], Author: fields[3], Date: date, Summary: fields[5],
		Phase: Phase(fields[6]), Obsolete: fields[7] != "", Successors: strings.Fields(fields[8]),
	}, err
}

// ChatterError says that hg printed something else than what it was asked for.
type ChatterError struct{ Said string }

func (e *ChatterError) Error() string {
	return fmt.Sprintf("hg printed %q among what it was asked for", e.Said)
}

// parseDate reads Mercurial's hgdate: seconds since 1970, a space, and the zone in seconds west of UTC.
func parseDate(text string) (time.Time, error) {
	var seconds int64
	var west int
	if _, err := fmt.Sscanf(text, "%d %d", &seconds, &west); err != nil {
		return time.Time{}, fmt.Errorf("hg printed %q for a date", text)
	}
	return time.Unix(seconds, 0).In(time.FixedZone("", -west)), nil
}
