package hosts

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The user who deploys, as base.sh makes it.
const deployUID = 1000

// entry is a file or, where it ends with a slash, a folder in a host's own layer.
type entry struct {
	path    string
	mode    fs.FileMode
	owner   int // user and group
	content string
}

// ensureHost makes sure that there is what the host's daemon starts from: built beside
// its place, and moved there when it is whole.
func (f Fleet) ensureHost(ctx context.Context, h host) error {
	if _, err := os.Stat(f.Dir.Host(h.name)); err == nil {
		return nil
	}
	if err := os.MkdirAll(f.Dir.Host(), 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(f.Dir.Host(), newPrefix+"*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // gone already once it is renamed
	if err := ensureKey(ctx, filepath.Join(tmp, "key"), "root@"+h.name); err != nil {
		return err
	}
	entries := []entry{{"home/", 0o700, os.Geteuid(), ""}, {"sshd_config", 0o600, os.Geteuid(), sshdConfig(f.Dir, h.name)}}
	if f.Machines {
		if entries, err = f.layer(h, filepath.Join(tmp, "key")); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if err := e.write(tmp); err != nil {
			return err
		}
	}
	return os.Rename(tmp, f.Dir.Host(h.name))
}

// layer is what a machine has of its own from its first boot on.
func (f Fleet) layer(h host, key string) ([]entry, error) {
	private, err1 := os.ReadFile(key)
	public, err2 := os.ReadFile(key + ".pub")
	authorized, err3 := os.ReadFile(f.Dir.SSH("id_ed25519.pub"))
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, err
		}
	}
	id := make([]byte, 16)
	rand.Read(id)
	const etc, root, deploy = "upper/etc/", "upper/root/.ssh/", "upper/home/deploy/"
	return []entry{
		{"work/", 0o755, 0, ""},
		{"root/", 0o755, 0, ""},
		{etc + "machine-id", 0o444, 0, fmt.Sprintf("%x\n", id)},
		{etc + "hostname", 0o644, 0, h.name + "\n"},
		{etc + "hosts", 0o644, 0, "127.0.0.1 localhost\n" + h.address + " " + h.name + "\n"},
		{etc + "systemd/network/10-host0.network", 0o644, 0, networkConfig(h.address)},
		{etc + "ssh/ssh_host_ed25519_key", 0o600, 0, string(private)},
		{etc + "ssh/ssh_host_ed25519_key.pub", 0o644, 0, string(public)},
		{"upper/root/", 0o700, 0, ""},
		{root, 0o700, 0, ""},
		{root + "authorized_keys", 0o600, 0, string(authorized)},
		{deploy, 0o755, deployUID, ""},
		{deploy + ".ssh/", 0o700, deployUID, ""},
		{deploy + ".ssh/authorized_keys", 0o600, deployUID, string(authorized)},
	}, nil
}

// write puts the entry below a folder. Folders on the way that have no entry of their
// own are root's, for all to read.
func (e entry) write(folder string) error {
	path := filepath.Join(folder, e.path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	var err error
	if strings.HasSuffix(e.path, "/") {
		err = os.MkdirAll(path, e.mode)
	} else {
		err = os.WriteFile(path, []byte(e.content), e.mode)
	}
	if err != nil {
		return err
	}
	if err := os.Chmod(path, e.mode); err != nil { // whatever the umask
		return err
	}
	if e.owner == os.Geteuid() {
		return nil
	}
	return os.Lchown(path, e.owner, e.owner)
}
