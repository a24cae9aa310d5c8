// Package state owns the folder that everything of one lab lives in: where each
// thing lies, the addresses that were chosen at the first start, and the lock.
package state

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// maxDir keeps the longest Unix socket path (etcd's) under the kernel's limit of
// 108 bytes.
const maxDir = 90

// Dir is the state folder, an absolute path.
type Dir string

// Open resolves the state folder from the flag's value or, where that is empty,
// from the environment. It does not create it.
func Open(flag string, getenv func(string) string) (Dir, error) {
	path, err := filepath.Abs(choose(flag, getenv))
	if err != nil {
		return "", err
	}
	if len(path) > maxDir {
		return "", &PathTooLongError{Path: path}
	}
	return Dir(path), nil
}

func choose(flag string, getenv func(string) string) string {
	switch {
	case flag != "":
		return flag
	case getenv("SKYCAP_LAB_STATE") != "":
		return getenv("SKYCAP_LAB_STATE")
	case getenv("XDG_STATE_HOME") != "":
		return filepath.Join(getenv("XDG_STATE_HOME"), "skycap-lab")
	case getenv("HOME") != "":
		return filepath.Join(getenv("HOME"), ".local", "state", "skycap-lab")
	default:
		return "/var/lib/skycap-lab"
	}
}

// PathTooLongError says that sockets below the folder would not fit the kernel.
type PathTooLongError struct{ Path string }

func (e *PathTooLongError) Error() string {
	return fmt.Sprintf("state folder %q is %d bytes long: sockets in it need at most %d", e.Path, len(e.Path), maxDir)
}

// Hint names a folder that is short enough.
func (e *PathTooLongError) Hint() string {
	return "use a shorter one: skycap-lab up --state /tmp/lab"
}

// Create makes the folder, readable by its owner only: it holds the cluster's keys.
func (d Dir) Create() error {
	return os.MkdirAll(string(d), 0o700)
}

// Exists tells whether a lab was ever started in the folder.
func (d Dir) Exists() bool {
	_, err := os.Stat(string(d))
	return err == nil
}

// ID is a short name that no other state folder has; what the lab must create
// outside its folder (bridge, cgroups, subnet) is named by it.
func (d Dir) ID() string {
	sum := sha256.Sum256([]byte(d))
	return hex.EncodeToString(sum[:4])
}

// Path joins names below the folder.
func (d Dir) Path(names ...string) string {
	return filepath.Join(append([]string{string(d)}, names...)...)
}

// Bin is where the programs lie that the lab built.
func (d Dir) Bin(name string) string { return d.Path("bin", name) }

// Self is the lab's own program, copied so that hooks and daemons outlive a build. It
// is not among the others, which are on people's PATH before the one just built.
func (d Dir) Self() string { return d.Path("libexec", "skycap-lab") }

// Log is where a component writes what it has to say.
func (d Dir) Log(component string) string { return d.Path("log", component+".log") }

// Cluster is a file of the control plane: keys, tokens, etcd's data. It goes with down.
func (d Dir) Cluster(names ...string) string { return d.Path(append([]string{"cluster"}, names...)...) }

// Node is a file of the real node. It goes with down, and when the node died.
func (d Dir) Node(names ...string) string { return d.Path(append([]string{"node"}, names...)...) }

// Host is a file of a host. They go with down.
func (d Dir) Host(names ...string) string { return d.Path(append([]string{"hosts"}, names...)...) }

// Base is what the hosts' machines are made from, a Debian installation.
func (d Dir) Base(names ...string) string { return d.Path(append([]string{"base"}, names...)...) }

// SSH is what the hosts are reached with: a key, known_hosts, config. It goes with down.
func (d Dir) SSH(names ...string) string { return d.Path(append([]string{"ssh"}, names...)...) }

// Registry is where blobs and manifests are kept.
func (d Dir) Registry(names ...string) string {
	return d.Path(append([]string{"registry"}, names...)...)
}

// Repository is the example's Mercurial working copy.
func (d Dir) Repository() string { return d.Path("repo", "storefront") }

// Kubeconfig is what kubectl and skycap reach the cluster with.
func (d Dir) Kubeconfig() string { return d.Path("kubeconfig") }
