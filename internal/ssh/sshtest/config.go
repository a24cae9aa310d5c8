package sshtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Alias is a host of an ssh configuration.
type Alias struct {
	Name   string
	Server *Server
	Port   int      // of a Network, say; the server's own when zero
	Lines  []string // of ssh_config, that come before our own
	Key    string   // for known_hosts: "ssh-ed25519 AAAA…"; the server's own when empty, "-" for none
}

// Config writes an ssh configuration, for ssh -F, in which the aliases are known hosts.
func Config(t testing.TB, aliases ...Alias) string {
	t.Helper()
	folder := t.TempDir()
	known := filepath.Join(folder, "known_hosts")
	var config, keys strings.Builder
	for _, alias := range aliases {
		port := alias.Port
		if port == 0 {
			port = alias.Server.Port
		}
		fmt.Fprintf(&config, "Host %s\n", alias.Name)
		for _, line := range append(alias.Lines,
			"HostName 127.0.0.1", fmt.Sprintf("Port %d", port), "HostKeyAlias "+alias.Name, "User "+alias.Server.User,
			"UserKnownHostsFile "+known, "GlobalKnownHostsFile none", "UpdateHostKeys no",
			"IdentityFile "+filepath.Join(alias.Server.folder, "client"), "IdentitiesOnly yes", "IdentityAgent none",
		) {
			config.WriteString("  " + line + "\n")
		}
		switch alias.Key {
		case "":
			fmt.Fprintf(&keys, "%s %s\n", alias.Name, alias.Server.hostKey(t))
		case "-":
		default:
			fmt.Fprintf(&keys, "%s %s\n", alias.Name, alias.Key)
		}
	}
	must(t, os.WriteFile(known, []byte(keys.String()), 0o600))
	file := filepath.Join(folder, "config")
	must(t, os.WriteFile(file, []byte(config.String()), 0o600))
	return file
}

// Key makes a host key that no server has, for Alias.Key.
func Key(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	key(t, file)
	text, err := os.ReadFile(file + ".pub")
	must(t, err)
	return strings.TrimSpace(string(text))
}

// Known is the known_hosts file of a configuration made by Config.
func Known(config string) string { return filepath.Join(filepath.Dir(config), "known_hosts") }
