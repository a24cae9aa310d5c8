package endtoend

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

// canary is a secret that must never be seen anywhere but where it belongs.
const canary = "canary-hunter2-Zq7xWv"

// keeper encrypts secrets, and has an identity that they are encrypted for.
type keeper struct {
	*checkout
	recipient age.Recipient
	seen      []string // all that skycap has said
}

// newKeeper is a checkout of web with secrets.
func newKeeper(t *testing.T) *keeper {
	t.Helper()
	needLab(t)
	c := emptyCheckout(t)
	c.hg("init")
	k := keep(t, c)
	c.write("skycap.yaml", strings.Replace(settingsOf(c, "web"), "    kubernetes: {manifests",
		"    secrets: {from: [\"secrets/{{ .Environment }}\"], mount: /run/secrets/web}\n    kubernetes: {manifests", 1))
	c.write(webDeployment, fmt.Sprintf(tinyDeployment, "web"))
	c.write(webText, "web\n")
	k.seal("secrets/staging/deep/password.age", canary)
	k.seal("secrets/staging/app.yaml.age", "user: web\ntoken: "+canary+"\n")
	return k
}

// keep gives the checkout's skycap an identity.
func keep(t *testing.T, c *checkout) *keeper {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	c.env = append(c.env, "SKYCAP_IDENTITIES="+write(t, t.TempDir(), "identities", identity.String()+"\n"))
	return &keeper{checkout: c, recipient: identity.Recipient()}
}

func (k *keeper) seal(name, text string) {
	k.t.Helper()
	var sealed bytes.Buffer
	writer, err := age.Encrypt(&sealed, k.recipient)
	require.NoError(k.t, err)
	_, err = io.WriteString(writer, text)
	require.NoError(k.t, err)
	require.NoError(k.t, writer.Close())
	k.write(name, sealed.String())
}

// says runs skycap with success, and keeps what it says.
func (k *keeper) says(args ...string) outcome {
	k.t.Helper()
	o := k.skycap(args...)
	require.Zero(k.t, o.code, "%q:\n%s\n%s", args, o.stdout, o.stderr)
	k.seen = append(k.seen, o.stdout, o.stderr)
	return o
}

// leaks reports whether a text has the canary, as it is or as Secrets have it.
func leaks(text string) bool {
	for shift := range 3 { // base64 has three ways to write what stands within a text
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + canary))
		if strings.Contains(text, encoded[4:len(encoded)-4]) {
			return true
		}
	}
	return strings.Contains(text, canary)
}

// watchProcesses looks at every process again and again, until the function that it
// returns is called; that tells who had the canary on its command line or in its environment.
func watchProcesses(t *testing.T) func() []string {
	t.Helper()
	stop, found := make(chan struct{}), make(chan []string)
	go func() {
		var leaking []string
		for {
			select {
			case <-stop:
				found <- leaking
				return
			case <-time.After(pause / 10): // the processors are for those that are watched
			}
			files, _ := filepath.Glob("/proc/[0-9]*/[ce][mn][dv]*") // cmdline and environ
			for _, file := range files {
				if text, err := os.ReadFile(file); err == nil && leaks(string(text)) {
					leaking = append(leaking, file+": "+string(text))
				}
			}
		}
	}()
	return func() []string { close(stop); return <-found }
}

// leakingFiles are the files below folders that have the canary.
func leakingFiles(t *testing.T, folders ...string) []string {
	t.Helper()
	var found []string
	for _, folder := range folders {
		require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if leaks(string(text)) {
				found = append(found, path)
			}
			return err
		}))
	}
	return found
}

// assertSilent proves that the canary is in no output and in no file.
func (k *keeper) assertSilent() {
	k.t.Helper()
	for _, text := range k.seen {
		assert.False(k.t, leaks(text), "%s", text)
	}
	assert.Empty(k.t, leakingFiles(k.t, k.temporary, k.folder))
}

func TestSecretIsSeenNowhereButInItsSecret(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	first := k.revise()
	end := watchProcesses(t)
	k.says("plan", first, "staging", "-v")
	k.says("plan", first, "staging", "-o", "json")
	k.says("config", "render", first, "staging")
	k.says("config", "render", first, "staging", "-o", "json")
	k.says("config", "render", first, "staging", "--manifests")
	k.says("deploy", first, "staging", "-v", "-o", "json", "--timeout=60s")
	k.seal("secrets/staging/deep/password.age", "another")
	second := k.revise()
	k.says("config", "diff", second, "staging", "-v")
	k.says("plan", second, "staging")
	k.says("deploy", second, "staging", "-v", "--timeout=60s")
	k.says("rollback", "staging", "-v", "-o", "json", "--timeout=60s")
	k.says("history", "staging", "-o", "json")
	k.says("status", "staging", "-o", "json")
	assert.Empty(t, end())
	k.assertSilent()

	for _, found := range list[corev1.Secret](t, k.staging, "secrets") {
		text := string(found.Data["release.json.gz"])
		if reader, err := gzip.NewReader(strings.NewReader(text)); err == nil {
			plain, err := io.ReadAll(reader)
			require.NoError(t, err)
			text = string(plain)
			assert.Contains(t, text, "storefront-web-secrets-", "the record names the Secret")
		}
		belongs := strings.HasPrefix(found.Name, "storefront-web-secrets-")
		assert.False(t, !belongs && leaks(text), "%s has it", found.Name)
	}
	assert.False(t, leaks(kubectl(t, "--namespace="+k.staging, "get", "events,configmaps,deployments,replicasets,pods,leases", "--output=json")))
}

func TestSecretsRollAndRollBack(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	first := k.revise()
	k.deploy(first, "staging")
	was := k.names("secrets,deployments")
	secrets := secretsOf(t, k.staging)
	require.Len(t, secrets, 1)
	assert.True(t, *secrets[0].Immutable)
	assert.Equal(t, map[string][]byte{
		"x-0849b68e0c4010fb": []byte(canary), "app.yaml": []byte("user: web\ntoken: " + canary + "\n"),
	}, secrets[0].Data)
	pod := list[corev1.Pod](t, k.staging, "pods")[0]
	mount := pod.Spec.Containers[0].VolumeMounts[1]
	assert.Equal(t, "/run/secrets/web", mount.MountPath)

	k.write("readme", "nothing that runs\n")
	k.deploy(k.revise(), "staging")
	assert.Equal(t, pod.Name, list[corev1.Pod](t, k.staging, "pods")[0].Name, "the same secrets roll nothing")

	k.seal("secrets/staging/deep/password.age", "another")
	second := k.revise()
	k.deploy(second, "staging")
	assert.Equal(t, second, k.status("staging").Instances[0].Revision, "what runs is told by its secrets, too")
	assert.Len(t, secretsOf(t, k.staging), 2, "the former is kept for a way back")
	assert.Equal(t, skycap.ResultOK, k.rollback("--to=1").Word)
	assert.Subset(t, k.names("secrets,deployments"), was)
	assert.Equal(t, secrets[0].Name, object[corev1.Pod](t, k.staging, "pod", k.status("staging").Instances[0].Name).Spec.Volumes[1].Secret.SecretName)
}

// secretsOf are the rendered Secrets of web.
func secretsOf(t *testing.T, namespace string) []corev1.Secret {
	t.Helper()
	var found []corev1.Secret
	for _, secret := range list[corev1.Secret](t, namespace, "secrets") {
		if strings.HasPrefix(secret.Name, "storefront-web-secrets-") {
			found = append(found, secret)
		}
	}
	return found
}

func TestSecretThatNobodyHereCanReadTouchesNothing(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	revision := k.revise()
	before := contents(t, k.staging)
	k.env = append(k.env, "SKYCAP_IDENTITIES=/none/identities")
	o := k.deployFails(1, revision, []string{
		`secret "secrets/staging/deep/password.age" can't be decrypted: "/none/identities" is not there`,
	}, []string{"age-keygen -y <file>"})
	assert.Equal(t, skycap.ResultFailed, k.result(o).Word)
	assert.Equal(t, before, contents(t, k.staging))

	k.write("secrets/staging/plain", "not encrypted\n")
	k.deployFails(1, k.revise(), []string{"secrets/staging/plain: is not encrypted, neither with age nor with SOPS"}, nil)
	assert.Equal(t, before, contents(t, k.staging))
}
