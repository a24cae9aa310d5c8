package noisy

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// CredentialCommand is the plugin's name: this program's hidden command.
const CredentialCommand = "credential"

// Plugin is what kubectl starts to get the credentials of a user of the lab's.
func Plugin(dir state.Dir, user string) []string {
	return []string{dir.Self(), CredentialCommand, "--state=" + string(dir), "--user=" + user}
}

// Credential chatters on stderr as plugins of cloud providers did, and then prints the
// credentials. They are a token, which the proxy can pass on: a client's certificate
// would end at it.
func Credential(stdout, stderr io.Writer, token string) error {
	fmt.Fprint(stderr, chatter(time.Now(), os.Getpid())) //nolint:errcheck // it is noise
	return json.NewEncoder(stdout).Encode(map[string]any{
		"apiVersion": "client.authentication.k8s.io/v1",
		"kind":       "ExecCredential",
		"status":     map[string]any{"token": token},
	})
}

// chatter is what was heard most of such plugins: of Google's and of Amazon's.
func chatter(now time.Time, pid int) string {
	header := fmt.Sprintf("W%s %7d gcp.go:119] ", now.Format("0102 15:04:05.000000"), pid)
	return header + "WARNING: the gcp auth plugin is deprecated in v1.22+, unavailable in v1.26+; use gcloud instead.\n" +
		"To learn more, consult https://cloud.google.com/blog/products/containers-kubernetes/kubectl-auth-changes-in-gke\n" +
		"Kubeconfig user entry is using deprecated API version client.authentication.k8s.io/v1alpha1. Run 'aws eks update-kubeconfig' to update.\n"
}
