package example

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// create builds the repository beside its place and moves it there when it is whole.
func create(ctx context.Context, dir state.Dir, version files, sum string) error {
	parent := filepath.Dir(dir.Repository())
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(parent, ".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // gone already once it is renamed
	repo := repository(filepath.Join(tmp, "storefront"))
	if err := os.Mkdir(string(repo), 0o700); err != nil {
		return err
	}
	if _, err := repo.hg(ctx, "init", string(repo)); err != nil {
		return err
	}
	if err := version.rewind(history()); err != nil {
		return err
	}
	for _, c := range history() {
		if err := repo.commit(ctx, c, version); err != nil {
			return err
		}
	}
	if _, err := repo.hg(ctx, "bookmark", bookmark); err != nil {
		return err
	}
	if err := repo.seal(ctx, dir, sum); err != nil {
		return err
	}
	if err := os.RemoveAll(dir.Repository()); err != nil {
		return err
	}
	return os.Rename(string(repo), dir.Repository())
}

func (r repository) commit(ctx context.Context, c commit, version files) error {
	for _, e := range c.edits {
		if err := version.apply(e); err != nil {
			return err
		}
	}
	if err := version.write(string(r)); err != nil {
		return err
	}
	who := []string{"--user=" + c.author, fmt.Sprintf("--date=%d 0", c.time.Unix())}
	_, err := r.hg(ctx, append([]string{"commit", "--addremove", "--message=" + c.message}, who...)...)
	if err != nil || c.tag == "" {
		return err
	}
	_, err = r.hg(ctx, append([]string{"tag", c.tag}, who...)...)
	return err
}
