package hosts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// Config is the ssh configuration that knows the hosts by their names.
func Config(dir state.Dir) string { return dir.SSH("config") }

// deployer is who logs in.
func (f Fleet) deployer() (string, error) {
	if f.Machines {
		return "deploy", nil
	}
	current, err := user.Current()
	if err != nil {
		return "", err
	}
	return current.Username, nil
}

// writeAccess writes what a client reads: the keys by which it knows the hosts, and
// where each one is.
func (f Fleet) writeAccess() error {
	deployer, err := f.deployer()
	if err != nil {
		return err
	}
	var known, config strings.Builder
	config.WriteString("# Written by skycap-lab.\n")
	for _, h := range f.hosts() {
		key, err := os.ReadFile(f.Dir.Host(h.name, "key.pub"))
		if err != nil {
			return err
		}
		fmt.Fprintf(&known, "%s %s", h.name, key)
		fmt.Fprintf(&config, "\nHost %s\n  HostKeyAlias %[1]s\n  HostName %[2]s\n  Port %[3]s\n  User %[4]s\n", h.name, h.address, h.port, deployer)
	}
	fmt.Fprintf(&config, `
Host %s
  IdentityFile %s
  IdentitiesOnly yes
  UserKnownHostsFile %s
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
`, strings.Join(Names(f.Settings.Hosts), " "), quoted(f.Dir.SSH("id_ed25519")), quoted(f.Dir.SSH("known_hosts")))
	return errors.Join(
		state.WriteFile(f.Dir.SSH("known_hosts"), []byte(known.String()), 0o600),
		state.WriteFile(Config(f.Dir), []byte(config.String()), 0o600),
	)
}

// ensureKey makes sure that there is a key pair, whole.
func ensureKey(ctx context.Context, path, comment string) error {
	if _, err := os.Stat(path + ".pub"); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // only a temporary folder
	made := filepath.Join(tmp, "key")
	_, err = process.Command{Argv: []string{"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", made}}.Run(ctx)
	if err != nil {
		return err
	}
	if err := os.Rename(made, path); err != nil {
		return err
	}
	return os.Rename(made+".pub", path+".pub") // the last: it is what proves the pair
}

// quoted is a path in a file that ssh or sshd reads.
func quoted(path string) string { return `"` + strings.ReplaceAll(path, "%", "%%") + `"` }

func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
