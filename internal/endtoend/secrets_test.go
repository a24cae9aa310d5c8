package endtoend

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/pkg/skycap"
)

// keeper encrypts secrets, and has an identity that they are encrypted for.
type keeper struct {
	*checkout
	recipient age.Recipient
}

// newKeeper is a checkout of web with secrets.
func newKeeper(t *testing.T) *keeper {
	t.Helper()
	needLab(t)
	c := emptyCheckout(t)
	c.hg("init")
	k := keep(t, c)
	c.write("skycap.yaml", withSecrets(settingsOf(c, "web")))
	c.write(webDeployment, fmt.Sprintf(tinyDeployment, "web"))
	c.write(webText, "web\n")
	k.seal("secrets/staging/deep/password.age", canary)
	k.seal("secrets/staging/app.yaml.age", "user: web\ntoken: "+canary+"\n")
	return k
}

// withSecrets are settings whose first service has secrets.
func withSecrets(settings string) string {
	return strings.Replace(settings, "    kubernetes: {manifests",
		"    secrets: {from: [\"secrets/{{ .Environment }}\"], mount: /run/secrets/web}\n    kubernetes: {manifests", 1)
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

func TestSecretIsSeenNowhereButInItsSecret(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	first := k.revise()
	k.ok("plan", first, "staging", "-v")
	k.ok("plan", first, "staging", "-o", "json")
	k.ok("config", "render", first, "staging")
	k.ok("config", "render", first, "staging", "-o", "json")
	k.ok("config", "render", first, "staging", "--manifests")
	k.ok("deploy", first, "staging", "-v", "-o", "json", "--timeout=60s")
	k.seal("secrets/staging/deep/password.age", "another")
	second := k.revise()
	k.ok("config", "diff", second, "staging", "-v")
	k.ok("plan", second, "staging")
	k.ok("deploy", second, "staging", "-v", "--timeout=60s")
	k.ok("rollback", "staging", "-v", "-o", "json", "--timeout=60s")
	k.ok("history", "staging", "-o", "json")
	k.ok("status", "staging", "-o", "json")

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
