package endtoend

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrongRevisionsAreRefused(t *testing.T) {
	t.Parallel()
	refuse(t, []refusal{
		{name: "unknown revision", args: deploying("no-such-tag", "staging"), code: 1, says: []string{`"no-such-tag"`}, hints: []string{"hg pull"}},
		{name: "several revisions", args: deploying("all()", "staging"), code: 1, says: []string{`"all()"`}, hints: []string{"last(all())"}},
		{name: "manifests that the revision doesn't have", code: 1, says: []string{"deploy/elsewhere"},
			prepare: func(c *checkout) { c.commitSettings("manifests: deploy/web", "manifests: deploy/elsewhere") }},
		{name: "config file of more than 900 KiB", code: 1, says: []string{"config/staging/web/big.txt", "900 KiB"},
			prepare: func(c *checkout) { c.commit("config/staging/web/big.txt", strings.Repeat("0123456789abcde\n", 58<<10)) }},
		{name: "template that doesn't render", code: 1, says: []string{"config/staging/web/bad.txt.tmpl", "no_such_value"},
			prepare: func(c *checkout) { c.commit("config/staging/web/bad.txt.tmpl", "{{ .Values.no_such_value }}\n") }},
		{name: "object of another namespace", code: 1, says: []string{"deploy/web/service.yaml", `"kube-system"`},
			prepare: func(c *checkout) {
				c.commitEdit("deploy/web/service.yaml", "  name: web\n", "  name: web\n  namespace: kube-system\n")
			}},
		{name: "cluster-scoped object", code: 1, says: []string{"deploy/web/role.yaml", `"e2e"`},
			prepare: func(c *checkout) {
				c.commit("deploy/web/role.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: e2e}\nrules: []\n")
			}},
	})
}

func TestWrongImagesAreRefused(t *testing.T) {
	t.Parallel()
	const label = "org.opencontainers.image.revision"
	refuse(t, []refusal{
		{name: "image that was not built", code: 1, says: []string{"storefront/web:"}, hints: []string{"--wait-image 10m"},
			prepare: func(c *checkout) { c.withoutBuilds(); c.commit(greeting, c.staging) }},
		{name: "registry that is down", code: 1, says: []string{"127.0.0.1:"},
			prepare: func(c *checkout) { c.commitSettings(shared.registry, closedAddress(c.t)) }},
		{name: "image of another revision", code: 1, says: []string{label, `"` + strings.Repeat("ab", 20) + `"`},
			prepare: func(c *checkout) {
				c.withoutBuilds()
				node := c.commit(greeting, c.staging)
				push(c.t, labelled(c.t, pull(c.t, image(c.node("v1.0"))), label, strings.Repeat("ab", 20)), image(node))
			}},
	})
}

func TestAmbiguousHashIsRefused(t *testing.T) {
	t.Parallel()
	needLab(t)
	c := emptyCheckout(t)
	c.hg("init")
	c.hg("debugbuilddag", "+60") // far more commits than there are digits to begin with
	c.write("skycap.yaml", settingsOf(c, "web"))
	refusal{args: deploying(c.ambiguous(), "staging"), code: 1,
		says: []string{`"` + c.ambiguous() + `"`, "ambiguous"}, hints: []string{"skycap resolve " + c.ambiguous()}}.assert(c)
}

// ambiguous is a letter that several hashes begin with; a digit would be a number.
func (c *checkout) ambiguous() string {
	c.t.Helper()
	seen := map[byte]int{}
	for hash := range strings.FieldsSeq(c.hg("log", "--template={node}\n")) {
		if seen[hash[0]]++; hash[0] >= 'a' && seen[hash[0]] > 1 {
			return hash[:1]
		}
	}
	require.Fail(c.t, "no two hashes begin with the same letter")
	return ""
}
