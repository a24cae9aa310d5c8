package kubectl

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/version"

	"github.com/skycap/skycap/internal/run"
)

// Version is that of the kubectl that works for the client's context, as in
// "v1.36.0". Some kubectls are dispatchers, which start another one that fits the
// server: so it is asked with the context. It answers though the server doesn't.
func (c Client) Version(ctx context.Context) (string, error) {
	command := c.command("version", "--output=json")
	stdout, err := c.call(ctx, command)
	var answer struct{ ClientVersion version.Info }
	if wrong := json.Unmarshal(stdout, &answer); wrong == nil && answer.ClientVersion.GitVersion != "" {
		return answer.ClientVersion.GitVersion, nil
	} else if err == nil && wrong != nil {
		return "", c.breach(command, "is not JSON: "+wrong.Error())
	}
	if err == nil {
		err = c.breach(command, "has no clientVersion.gitVersion")
	}
	return "", err
}

// versionLife is for how long a version is remembered: what is on PATH may be a
// script that will start another kubectl tomorrow.
const versionLife = 24 * time.Hour

// KnownVersion is Version, and starts kubectl only where it is not known of this
// program and context.
func (c Client) KnownVersion(ctx context.Context) (string, error) {
	file := c.versionFile()
	if about, err := os.Stat(file); err == nil && time.Since(about.ModTime()) < versionLife {
		if known, err := os.ReadFile(file); err == nil && len(known) > 0 {
			return string(known), nil
		}
	}
	found, err := c.Version(ctx)
	if err == nil && file != "" { // where it can't be remembered it is asked for again
		_ = os.MkdirAll(c.Cache, 0o700)
		_ = os.WriteFile(file, []byte(found), 0o600)
	}
	return found, err
}

// versionFile is where the version is remembered of the program that is on PATH
// now; empty for nowhere.
func (c Client) versionFile() string {
	path, err := run.Find("kubectl")
	if c.Cache == "" || err != nil {
		return ""
	}
	about, err := os.Stat(path)
	if err != nil {
		return ""
	}
	key := fmt.Sprintf("%s\n%d\n%s\n%s", path, about.Size(), about.ModTime(), c.Context)
	return filepath.Join(c.Cache, fmt.Sprintf("version-%x", sha256.Sum256([]byte(key))))
}

var minorVersion = regexp.MustCompile(`^v1\.(\d+)(\D|$)`)

// MinorOf is the minor version in a version, as in "v1.36.0" or "v1.33.1-gke.100".
func MinorOf(version string) (Minor, bool) {
	found := minorVersion.FindStringSubmatch(version)
	if found == nil {
		return 0, false
	}
	minor, err := strconv.Atoi(found[1])
	return Minor(minor), err == nil
}

// HowToInstall is where kubectl comes from.
const HowToInstall = "https://kubernetes.io/docs/tasks/tools/#kubectl"

// SkewOf says how kubectl and the API server differ, where that is by more than
// Kubernetes supports. It is empty where it isn't, and where versions tell nothing.
func SkewOf(client, server string) string {
	ours, isKnown := MinorOf(client)
	theirs, isTheirsKnown := MinorOf(server)
	if !isKnown || !isTheirsKnown || max(ours-theirs, theirs-ours) <= supportedSkew {
		return ""
	}
	return fmt.Sprintf("kubectl %s and the API server %s differ by more than one minor version, which Kubernetes does not support", client, server)
}
