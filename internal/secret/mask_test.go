package secret

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMaskShowsKeysAndNoValue(t *testing.T) {
	t.Parallel()
	const pem = "-----BEGIN KEY-----\nQUJD=\n-----END KEY-----\n"
	for name, test := range map[string]struct{ file, data, former, want string }{
		"keys":             {"a.env", "B=2\nA=1\n", "B=2\nA=1\n", "A: [masked]\nB: [masked]\n"},
		"another value":    {"a.env", "B=3\nA=1\n", "B=2\nA=1\n", "A: [masked]\nB: [masked, another than before]\n"},
		"a key more":       {"a.env", "A=1\nC=3\n", "A=1\n", "A: [masked]\nC: [masked]\n"},
		"a key less":       {"a.env", "A=1\n", "A=1\nC=3\n", "A: [masked]\n"},
		"a comment":        {"a.env", "# canary\nA=1\n", "A=1\n", "A: [masked]\n(what is no value): [masked, another than before]\n"},
		"nested":           {"a.yaml", "db: {user: u, password: p}\nlist: [1, 2]\n", "db: {user: u, password: q}\nlist: [1, 2]\n", "db.password: [masked, another than before]\ndb.user: [masked]\nlist: [masked]\n"},
		"json":             {"a.json", `{"a": "canary"}`, `{"a": "canary"}`, "a: [masked]\n"},
		"no keys":          {"pin", "1234", "1234", "[masked]\n"},
		"another":          {"pin", "1234", "4321", "[masked, another than before]\n"},
		"a private key":    {"key.pem", pem, pem, "[masked]\n"},
		"called otherwise": {"key.env", pem, pem, "[masked]\n"},
		"no YAML":          {"a.yaml", "just a password", "just a password", "[masked]\n"},
		"keys came":        {"a.yaml", "a: 1\n", "just a password", "[masked, another than before]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, Mask(test.file, []byte(test.data), []byte(test.former)))
		})
	}
}
