package endtoend

import "testing"

func TestWrongCommandLinesAreRefused(t *testing.T) {
	t.Parallel()
	refuse(t, []refusal{
		{name: "unknown environment", args: deploying("main", "stagin"), code: 2, says: []string{`"stagin"`}, hints: []string{"skycap deploy main staging"}},
		{name: "unknown service", args: deploying("main", "staging", "wbe"), code: 2, says: []string{`"wbe"`}, hints: []string{"skycap deploy main staging web"}},
		{name: "revision like a flag", args: deploying("-1", "staging"), code: 2, says: []string{"-1"}, hints: []string{"dash"}},
		{name: "revision like an option of hg", args: deploying("--", "--config=alias.log=!touch pwned", "staging"), code: 2,
			says: []string{`"--config=alias.log=!touch pwned"`}},
		{name: "unknown flag", args: deploying("main", "staging", "--no-such-flag"), code: 2, says: []string{"--no-such-flag"}, hints: []string{"--help"}},
		{name: "no environment", args: deploying("main"), code: 2, says: []string{"<env>"}, hints: []string{"--help"}},
		{name: "no duration", args: deploying("main", "staging", "--timeout=soon"), code: 2, says: []string{`"soon"`}},
		{name: "unknown color", args: deploying("main", "staging", "--color=mauve"), code: 2, says: []string{`"mauve"`}},
		{name: "restart of an unknown environment", code: 2, says: []string{`"stagin"`}, hints: []string{"skycap restart staging"},
			args: func(*checkout) []string { return []string{"restart", "stagin"} }},
		{name: "protected without a terminal", code: 2, says: []string{`"staging"`}, hints: []string{"--yes"},
			prepare: func(c *checkout) {
				c.edit("skycap.yaml", "values: {log_level: debug}", "protected: true\n    values: {log_level: debug}")
			}},
	})
}

func TestWrongSettingsAreRefused(t *testing.T) {
	t.Parallel()
	refuse(t, []refusal{
		{name: "every fault at once", code: 2,
			says: []string{"skycap.yaml:4: ", `"servces"`, "skycap.yaml:12: ", "skycap.yaml:14: ", `did you mean "kubernetes"`},
			prepare: func(c *checkout) {
				c.write("skycap.yaml", `app: storefront
services:
  web: {image: `+shared.registry+`/storefront/web, kubernetes: {manifests: deploy/web}}
servces:
  web: {}
environments:
  staging:
    kubernetes:
      context: skycap-lab
      namespace: `+c.staging+`
    values: {log_level: debug}
    protected: maybe
  production:
    kubernets: {context: skycap-lab, namespace: nowhere}
`)
			}},
		{name: "duplicate key", code: 2, says: []string{"skycap.yaml:2: ", `"app"`},
			prepare: func(c *checkout) {
				c.write("skycap.yaml", "app: storefront\napp: shop\nservices: {}\nenvironments: {}\n")
			}},
		{name: "faults at the revision", code: 2, says: []string{"skycap.yaml@", ":15: ", `"manifest"`, `did you mean "manifests"`},
			prepare: func(c *checkout) { c.commitSettings("manifests:", "manifest:") }},
		{name: "no settings at all", code: 2, says: []string{"no skycap.yaml in "}, hints: []string{"skycap -C"},
			args: func(c *checkout) []string { return []string{"-C", c.t.TempDir(), "deploy", "main", "staging"} }},
		{name: "no container with the image", code: 2, says: []string{"deploy/web", `"web"`, `"other"`},
			prepare: func(c *checkout) { c.commitEdit("deploy/web/deployment.yaml", "image: web", "image: other") }},
	})
}
