package matrix

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/kubectl"
)

// observation finds out whether a kubectl that somebody types does what one of
// kubectl.Differences says.
type observation struct {
	behaviour string
	isShown   func(t *testing.T, c *cell) bool
}

func observations() []observation {
	return []observation{
		{"a kuberc can change the default of any flag, and give commands other names", readsKuberc},
		{"watches wait for a bookmark that some servers and gateways never send", waitsForBookmarks},
		{"apply --output=json of several objects prints nothing if one of them fails", applyPrintsNothing},
		{"a failed client-side apply prints the whole patch, values of Secrets included", applyPrintsSecrets},
		{"scale hides the server's error", scaleHidesErrors},
		{"delete prints other words", deleteNamesNamespace},
		{"get --raw drops the path of the server's address", rawDropsPath},
		{"version --output=json ends with status 1 where the server does not answer", versionFails},
	}
}

// observationsWithAPIDown are those of a server that has an API that is down.
func observationsWithAPIDown() []observation {
	return []observation{
		{"a kind of an API that is down is taken for one that nobody knows", takesDownForUnknown},
		{"the log does not name an API that is down, where kubectl and the server discover APIs in the same way", logHidesDownAPI},
	}
}

// observe compares what a kubectl does with what kubectl.Differences says of its version.
func (c *cell) observe(t *testing.T, o observation) bool {
	t.Helper()
	isShown := o.isShown(t, c)
	minor, isKnown := kubectl.MinorOf(c.version)
	require.True(t, isKnown)
	for _, difference := range kubectl.Differences() {
		if difference.Behaviour == o.behaviour {
			assert.Equal(t, difference.Has(minor), isShown, "%s: %s, by internal/kubectl/versions.go from %s to %s",
				c.version, o.behaviour, difference.Since, difference.Until)
			return isShown
		}
	}
	t.Errorf("internal/kubectl/versions.go has no %q", o.behaviour)
	return isShown
}

func readsKuberc(t *testing.T, c *cell) bool {
	for _, content := range []string{hostileKuberc, oldKuberc} {
		file := write(t, folder(t), "kuberc", content)
		said := c.kubectl(t, "", []string{"KUBECTL_KUBERC=true"}, c.here(admin, "get", "serviceaccounts", "--kuberc="+file)...)
		if strings.HasPrefix(said.stdout, "serviceaccount/") {
			return true
		}
	}
	return false
}

func waitsForBookmarks(t *testing.T, c *cell) bool {
	c.typedApply(t, deployment(t, "waited").Object)
	said := c.kubectl(t, "", nil, c.here(admin, "rollout", "status", "deployment/waited", "--timeout=1s", "-v=9")...)
	require.Contains(t, said.stderr, "watch=true", "it watches")
	return strings.Contains(said.stderr, "sendInitialEvents=true")
}

func applyPrintsNothing(t *testing.T, c *cell) bool {
	const list = `{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}},
		{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "two"}, "spec": {"ports": [{"port": 99999}]}}]}`
	said := c.kubectl(t, list, nil, c.here(admin, "apply", "--server-side", "--output=json", "--filename=-")...)
	require.Equal(t, 1, said.code, said.stderr)
	return said.stdout == ""
}

func applyPrintsSecrets(t *testing.T, c *cell) bool {
	secret := func(value string) string {
		return `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "secret"}, "stringData": {"password": "` + value + `"}}`
	}
	require.Zero(t, c.kubectl(t, secret("first"), nil, c.here(admin, "apply", "--filename=-")...).code)
	said := c.kubectl(t, secret("hunter2"), nil, c.here(nobody, "apply", "--filename=-")...)
	require.Equal(t, 1, said.code, said.stderr)
	return strings.Contains(said.stderr, "hunter2")
}

func scaleHidesErrors(t *testing.T, c *cell) bool {
	said := c.kubectl(t, "", nil, c.here(admin, "scale", "deployment/gone", "--replicas=2")...)
	require.Equal(t, 1, said.code, said.stderr)
	return !strings.HasPrefix(said.stderr, "Error from server (NotFound): ")
}

func deleteNamesNamespace(t *testing.T, c *cell) bool {
	c.typedApply(t, mapOf(t, "named", "1").Object)
	said := c.kubectl(t, "", nil, c.here(admin, "delete", "configmap/named")...)
	require.Zero(t, said.code, said.stderr)
	return strings.TrimSpace(said.stdout) != `configmap "named" deleted`
}

// rawDropsPath asks a server that has nothing below the path that its address has.
func rawDropsPath(t *testing.T, c *cell) bool {
	server := "--server=https://" + c.wire.address + "/path"
	return c.kubectl(t, "", nil, c.here(admin, server, "get", "--raw=/version")...).code == 0
}

func versionFails(t *testing.T, c *cell) bool {
	c.wire.cut()
	defer c.wire.mend(t)
	return c.kubectl(t, "", nil, c.here(admin, "version", "--output=json")...).code == 1
}

// typedApply applies an object as somebody would who types kubectl.
func (c *cell) typedApply(t *testing.T, object map[string]any) {
	t.Helper()
	text, err := json.Marshal(object)
	require.NoError(t, err)
	said := c.kubectl(t, string(text), nil, c.here(admin, "apply", "--filename=-")...)
	require.Zero(t, said.code, said.stderr)
}

func takesDownForUnknown(t *testing.T, c *cell) bool {
	return strings.Contains(c.applyYak(t), `no matches for kind "Yak"`)
}

func logHidesDownAPI(t *testing.T, c *cell) bool {
	return !strings.Contains(strings.ToLower(c.applyYak(t)), "couldn't get resource list")
}

func (c *cell) applyYak(t *testing.T) (stderr string) {
	t.Helper()
	said := c.kubectl(t, yak, nil, c.here(admin, "apply", "--server-side", "--dry-run=server", "--filename=-")...)
	require.Equal(t, 1, said.code, said.stderr)
	return said.stderr
}
