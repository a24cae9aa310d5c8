package example

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// seal is what the repository was when the lab made it.
type seal struct {
	Sum        string   `json:"sum"`
	Changesets []string `json:"changesets"`
}

// Ensure makes sure that the repository is there, and tells what that took. It
// follows the example in the sources until somebody works in it.
func Ensure(ctx context.Context, dir state.Dir, s state.Settings, source string) (outcome string, err error) {
	version, err := readFiles(source, s.Registry())
	if err != nil {
		return "", err
	}
	sum := version.sum(history())
	repo := repository(dir.Repository())
	made, err := repo.readSeal()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "made in " + dir.Repository(), create(ctx, dir, version, sum)
	case err != nil:
		return "", err
	case made.Sum == sum:
		return "up to date", nil
	}
	untouched, err := repo.isUntouched(ctx, made)
	if err != nil {
		return "", err
	}
	if !untouched {
		return "kept with your changes; the example in the sources is another by now", nil
	}
	return "made anew: the example in the sources has changed", create(ctx, dir, version, sum)
}

// seal notes what the repository is, and puts the hook in.
func (r repository) seal(ctx context.Context, dir state.Dir, sum string) error {
	changesets, err := r.changesets(ctx)
	if err != nil {
		return err
	}
	data, err := json.Marshal(seal{sum, changesets})
	if err != nil {
		return err
	}
	return errors.Join(
		state.WriteFile(r.sealFile(), data, 0o600),
		state.WriteFile(filepath.Join(string(r), ".hg", "hgrc"), []byte(hook(dir)), 0o600),
	)
}

func (r repository) readSeal() (seal, error) {
	var s seal
	data, err := os.ReadFile(r.sealFile())
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(data, &s)
}

func (r repository) sealFile() string { return filepath.Join(string(r), ".hg", "skycap-lab.json") }

// isUntouched tells whether nobody has committed or changed a file.
func (r repository) isUntouched(ctx context.Context, made seal) (bool, error) {
	changesets, err := r.changesets(ctx)
	if err != nil {
		return false, err
	}
	changes, err := r.hg(ctx, "status")
	return changes == "" && fmt.Sprint(changesets) == fmt.Sprint(made.Changesets), err
}

// hook is the repository's .hg/hgrc. The line holds in a clone too, when the file
// is copied over: it depends on nothing in the repository.
func hook(dir state.Dir) string {
	return fmt.Sprintf(`# Each commit builds its image, as a CI pipeline would.
[hooks]
commit.image = %s build --state=%s
`, shellQuote(dir.Self()), shellQuote(string(dir)))
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
