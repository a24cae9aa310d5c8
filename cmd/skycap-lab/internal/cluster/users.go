package cluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// user is somebody whom the API server knows by a token.
type user struct {
	key   string // how the lab calls him
	name  string // how RBAC calls him
	group string
}

func users() []user {
	return []user{
		{"admin", "lab-admin", "system:masters"},
		{"restricted", "lab-restricted", ""},
		{"kube-controller-manager", "system:kube-controller-manager", ""},
		{"kube-scheduler", "system:kube-scheduler", ""},
		{"kubelet", "system:node:" + NodeName, "system:nodes"},
		{"kwok", "lab-kwok", "system:masters"},
	}
}

// NodeName is the real node's name. As an address, it is how the API server
// reaches the kubelet for logs and exec without any DNS.
const NodeName = "127.0.0.1"

// ensureTokens makes the API server's token file once and returns each user's token.
func ensureTokens(dir state.Dir) (map[string]string, error) {
	path := dir.Cluster("tokens.csv")
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = state.WriteFile(path, newTokens(), 0o600)
	}
	if err != nil {
		return nil, err
	}
	return readTokens(dir)
}

// Token is what the API server knows a user by. The key is how the lab calls him.
func Token(dir state.Dir, key string) (string, error) {
	tokens, err := readTokens(dir)
	if err != nil {
		return "", err
	}
	if tokens[key] == "" {
		return "", fmt.Errorf("there is no user %q", key)
	}
	return tokens[key], nil
}

func readTokens(dir state.Dir) (map[string]string, error) {
	path := dir.Cluster("tokens.csv")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	tokens := map[string]string{}
	for line := range strings.Lines(string(data)) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if len(fields) != 4 {
			return nil, fmt.Errorf("%q: a line has %d fields, want 4", path, len(fields))
		}
		tokens[fields[2]] = fields[0]
	}
	return tokens, nil
}

// newTokens has a line for each user: token, name, UID, group.
func newTokens() []byte {
	var file strings.Builder
	for _, u := range users() {
		fmt.Fprintf(&file, "%s,%s,%s,%s\n", rand.Text(), u.name, u.key, u.group)
	}
	return []byte(file.String())
}
