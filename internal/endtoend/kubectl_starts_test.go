package endtoend

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// maxKubectls is how many kubectl processes a deploy may start.
const maxKubectls = 4

// manyMaps is a manifest of some ConfigMaps.
func manyMaps(count int) string {
	var text strings.Builder
	for i := range count {
		fmt.Fprintf(&text, "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: map-%d}, data: {key: value}}\n", i)
	}
	return text.String()
}

// starts counts the kubectl processes of what is done.
func starts(programs func() []string, do func()) (kubectls []string) {
	count := func() (found []string) {
		for _, line := range programs() {
			if strings.HasPrefix(line, "kubectl ") {
				found = append(found, line)
			}
		}
		return found
	}
	before := len(count())
	do()
	return count()[before:]
}

func TestADeployStartsFewKubectlsWhateverItHas(t *testing.T) {
	t.Parallel()
	image := taskImage(t)
	c := newSmall(t)
	c.write("deploy/web/maps.yaml", manyMaps(80))
	c.revise()
	applied := write(t, t.TempDir(), "applied.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: map-0}, data: {key: value, old: gone}}\n")
	kubectl(t, "--namespace="+c.staging, "apply", "--filename="+applied)
	programs := c.countPrograms()
	c.ok("resolve", "tip") // the log is there

	adopting := starts(programs, func() { c.deploy("tip", "staging", "--adopt") })
	assert.LessOrEqual(t, len(adopting), maxKubectls, "%q", adopting)
	adopted := object[struct{ Data map[string]string }](t, c.staging, "configmap", "map-0")
	assert.Equal(t, map[string]string{"key": "value"}, adopted.Data, "what was only in the former manifest goes, as with kubectl")

	for _, phase := range []string{"pre-deploy", "post-deploy"} {
		c.writeJob("task-"+phase, phase, image, 0, "done", "")
	}
	c.write("deploy/web/maps.yaml", manyMaps(40))
	c.reviseText("second")
	pruning := starts(programs, func() { c.deploy("tip", "staging") })
	assert.LessOrEqual(t, len(pruning), maxKubectls, "%q", pruning)
	assert.NotContains(t, c.names("configmaps"), "ConfigMap/map-79")
	assert.Contains(t, c.names("configmaps"), "ConfigMap/map-39")

	c.write("deploy/web/maps.yaml", manyMaps(60))
	broken := c.breakWeb()
	reverting := starts(programs, func() { c.deployFails(6, broken, nil, nil, "--on-failure=rollback") })
	assert.LessOrEqual(t, len(reverting), maxKubectls, "%q", reverting)
	t.Logf("kubectl was started %d times to adopt, %d with jobs and to prune, %d to deploy and to roll back", len(adopting), len(pruning), len(reverting))
}

// wrapKubectl puts a script before the real kubectl, which it finds as $real.
func (c *checkout) wrapKubectl(script string) {
	c.t.Helper()
	folder := c.t.TempDir()
	real := strings.TrimSpace(command(c.t, "", nil, "sh", "-c", "command -v kubectl"))
	require.NoError(c.t, os.WriteFile(folder+"/kubectl", []byte("#!/bin/sh\nreal='"+real+"'\n"+script), 0o755))
	c.env = append(c.env, "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// futureKubectl prints more fields, other words and new noise, and says that it is 1.99.
const futureKubectl = `
echo 'I1123 14:57:08.424000   13670 quantum.go:7] "Entangled" qubits=7 backend="none"' >&2
echo 'W1123 14:57:08.425000   13670 memcache.go:999] "Couldn'"'"'t get resource list" err="it is 2029" groupVersion="quantum.example.com/v1"' >&2
case "$*" in
*--output=json*)
	out=$("$real" "$@" 2>"$TMPDIR/future-err"); status=$?
	sed 's/^Error from server (\([A-Za-z]*\))/The API server is not pleased (\1)/' "$TMPDIR/future-err" >&2
	rm -f "$TMPDIR/future-err"
	printf '%s\n' "$out" | sed '1s/^{/{ "future": {"fields": [1, {"a": null}]},/; s/"gitVersion": "v1\.[0-9]*/"gitVersion": "v1.99/'
	exit $status ;;
esac
exec "$real" "$@"
`

func TestAKubectlOfTheFutureDeploys(t *testing.T) {
	t.Parallel()
	c := newSmall(t)
	c.wrapKubectl(futureKubectl)
	o := c.skycap("deploy", "tip", "staging", "--timeout=90s", "-o", "json")
	require.Zero(t, o.code, "%s\n%s", o.stdout, o.stderr)
	assert.Contains(t, c.warnings(o), "kubectl v1.99")
	assert.NotContains(t, c.warnings(o), "quantum")
	assert.Equal(t, skycap.StateHealthy, c.status("staging").State)

	c.edit(webDeployment, "name: web\n          image", "name: web\n          imagee: x\n          image")
	refused := c.fails(1, []string{"deploy", c.revise(), "staging", "-o", "json"}, []string{"imagee", "field not declared"}, []string{"skycap plan"})
	failures := c.result(refused).Failures
	require.Len(t, failures, 1, refused.stdout)
	assert.Equal(t, "invalid", failures[0].Reason)
	assert.Equal(t, `spec.template.spec.containers[name="web"].imagee`, failures[0].Fields[0].Path)
}

func TestAKubectlThatBreaksItsContractIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ script, says string }{
		"prints no JSON":   {`case "$*" in *--dry-run=server*) echo 'applied, trust me'; exit 0;; esac; exec "$real" "$@"`, "is not JSON"},
		"leaves objects":   {`case "$*" in *--dry-run=server*) cat >/dev/null; echo '{"kind": "List", "apiVersion": "v1", "items": []}'; exit 0;; esac; exec "$real" "$@"`, "lacks "},
		"has no version":   {`case "$*" in *version*) echo '{}'; exit 0;; esac; exec "$real" "$@"`, "clientVersion"},
		"knows no flag":    {`case "$*" in *--dry-run=server*) cat >/dev/null; echo 'error: unknown flag: --server-side' >&2; exit 1;; esac; exec "$real" "$@"`, "unknown flag"},
		"knows no command": {`case "$*" in *proxy*) echo 'error: unknown command "proxy" for "kubectl"' >&2; exit 1;; esac; exec "$real" "$@"`, "unknown command"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newSmall(t)
			c.wrapKubectl(test.script)
			before := contents(t, c.staging)
			o := c.fails(1, []string{"deploy", "tip", "staging", "-o", "json"}, []string{test.says}, []string{"skycap works with 1.27 to 1.37"})
			assert.Equal(t, "version skew", c.result(o).Failures[0].Reason)
			assert.Equal(t, before, contents(t, c.staging), "nothing was changed")
			assert.Contains(t, c.skycap("doctor", "staging").stdout, test.says)
		})
	}
}
