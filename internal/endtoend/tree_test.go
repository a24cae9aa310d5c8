package endtoend

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nasty is a file of a tree that is hard to keep as it is.
type nasty struct {
	data       string
	executable bool
}

// nastyTree has all the odd cases: 217 files, more than 3 MiB.
func nastyTree() map[string]nasty {
	tree := map[string]nasty{
		"empty": {}, ".hidden": {data: "dot"}, ".config/.nested/.x": {data: "dots"}, "a..b": {data: "dots within"},
		"with space": {data: "s"}, " leading and trailing ": {data: "s"}, "quote'\"`": {data: "q"}, `back\slash\n`: {data: "b"}, "tab\there": {data: "t"},
		"-leading-dash": {data: "-"}, "--config=x": {data: "-"}, "$(id)": {data: "$"}, "*?[a]": {data: "*"}, "#%2f&;|": {data: "#"}, "{{ .App }}": {data: "{{ .Nothing }}"},
		"caf\u00e9": {data: "NFC"}, "cafe\u0301": {data: "NFD"}, "\U0001f680/\u65e5\u672c\u8a9e": {data: "emoji"}, "\u202egnp.exe": {data: "right to left"},
		"x-0123456789abcdef": {data: "reads like a key"}, "README": {data: "upper"}, "readme": {data: "lower"}, "true": {data: "yes"}, "1e3": {data: "1000"},
		strings.Repeat("k", 253): {data: "as long as a key"}, strings.Repeat("n", 255): {data: "as long as a name"},
		strings.Repeat("d/", 60) + "deep": {data: "deep"}, strings.Repeat(strings.Repeat("f", 200)+"/", 5) + "far": {data: "far"},
		"crlf.ini": {data: "[a]\r\nb=c\r\n"}, "no-end": {data: "no final newline"}, "ends": {data: "\n\n\n"}, "bom.txt": {data: "\ufeffbom"},
		"binary": {data: "\x00\xff\xfe\x00"}, "latin1": {data: "caf\xe9"}, "control": {data: "a\x1b[31mb\x7f"}, "separator": {data: "a\u2028b"},
		"page.html": {data: strings.Repeat("<p>&amp;</p>\n", 1000)}, "run.sh": {"#!/bin/sh\nexit 0\n", true}, "bin/tool": {"\x7fELF\x00", true}, "bin/plain": {data: "plain"},
		"largest": {data: strings.Repeat("0123456789abcdef", 900<<10/16)}, "large.bin": {data: strings.Repeat("\x00\x01\x80\xff", 700<<10/4)},
		"large.txt": {data: strings.Repeat("key: \"value\"\n", 700<<10/13)}, "markup": {data: strings.Repeat("<", 400<<10)},
	}
	for i := len(tree); i < 215; i++ {
		name := fmt.Sprintf("part%d/section %d/file%03d.yaml", i%7, i%3, i)
		tree[name] = nasty{data: strings.Repeat(fmt.Sprintf("key%d: value\n", i), i*10), executable: i%10 == 0}
	}
	return tree
}

// writeNasty writes a file, executable or not.
func (c *checkout) writeNasty(name string, file nasty) {
	c.t.Helper()
	c.write(name, file.data)
	if file.executable {
		require.NoError(c.t, os.Chmod(filepath.Join(c.folder, name), 0o755))
	}
}

// seenAs is how the program task sees a tree.
func seenAs(tree map[string]nasty) map[string]string {
	seen := map[string]string{}
	for name, file := range tree {
		mode := "-rw-r--r--"
		if file.executable {
			mode = "-rwxr-xr-x"
		}
		seen[fmt.Sprintf("%q", name)] = fmt.Sprintf("%x %s", sha256.Sum256([]byte(file.data)), mode)
	}
	return seen
}

// seenBelow is what a container sees below a path.
func (c *checkout) seenBelow(path string) map[string]string {
	c.t.Helper()
	found := map[string]string{}
	for _, line := range linesOf(c.ok("exec", "staging", "web", "--", "/task", "0", path)) {
		fields := strings.SplitN(line, " ", 3)
		require.Len(c.t, fields, 3, line)
		require.NotContains(c.t, found, fields[2])
		found[fields[2]] = fields[0] + " " + fields[1]
	}
	return found
}

// What a container sees of configuration and of secrets has the bytes, paths and modes
// that the repository has, and nothing else is there.
func TestContainersSeeTheTreeOfTheRepository(t *testing.T) {
	t.Parallel()
	needLab(t)
	for _, kind := range []string{"hg", "git"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			k := keep(t, emptyCheckout(t))
			config, secrets := k.writeNastyTrees(kind == "git")
			node := k.commitAll(kind)
			built := pull(t, image(command(t, "", nil, "hg", "log", "--repository="+shared.repository, "--rev=main", "--template={node}")))
			withTask, err := mutate.AppendLayers(built, taskLayer(t))
			require.NoError(t, err)
			push(t, withTask, image(node))
			k.deploy(node, "staging")

			assert.Equal(t, seenAs(config), k.seenBelow("/etc/storefront"))
			assert.Equal(t, seenAs(secrets), k.seenBelow("/run/secrets/web"))
			variables := k.ok("exec", "staging", "web", "--", "/task", "0", "=")
			assert.Contains(t, variables, `"NASTY=\"quoted\" $HOME # no comment "`)
			assert.Contains(t, variables, `"LATER=from the second layer"`)
			assert.GreaterOrEqual(t, len(k.names("configmaps")), 4, "one is not enough for so much")
		})
	}
}

// writeNastyTrees writes a repository with layers, a template, variables and secrets, and
// tells which trees they make.
func (k *keeper) writeNastyTrees(lineEnds bool) (config, secrets map[string]nasty) {
	k.t.Helper()
	k.write("skycap.yaml", strings.Replace(settingsOf(k.checkout, "web"), "config: {from: [config/web], mount: /etc/storefront}",
		"config: {from: [config/common, \"config/{{ .Environment }}\"], mount: /etc/storefront, env: true}\n"+
			"    secrets: {from: [secrets], mount: /run/secrets/web}", 1))
	k.write(webDeployment, fmt.Sprintf(tinyDeployment, "web"))
	config, secrets = nastyTree(), map[string]nasty{}
	size := 0
	for _, file := range config {
		size += len(file.data)
	}
	require.GreaterOrEqual(k.t, len(config), 200)
	require.GreaterOrEqual(k.t, size, 3<<20)
	if lineEnds { // Mercurial takes none in names
		config["line\nend"] = nasty{data: "n"}
	}
	i := 0
	for name, file := range config {
		if i++; i%5 == 0 { // the second layer has what the first has otherwise
			k.writeNasty("config/common/"+name, nasty{"replaced", !file.executable})
			k.writeNasty("config/staging/"+name, file)
		} else {
			k.writeNasty("config/common/"+name, file)
		}
		if len(filepath.Base(name)+".age") <= 255 && len(file.data) < 300<<10 {
			k.seal("secrets/"+name+".age", file.data)
			secrets[name] = nasty{data: file.data}
		}
	}
	k.write("config/common/greeting.tmpl", "{{ .App }} in {{ .Environment }}\n")
	config["greeting"] = nasty{data: "storefront in staging\n"}
	k.write("config/common/a.env", "# comment\r\nNASTY=\"quoted\" $HOME # no comment \nLATER=x\n")
	k.write("config/staging/a.env", "NASTY=\"quoted\" $HOME # no comment \nLATER=from the second layer\n")
	config["a.env"] = nasty{data: k.read("config/staging/a.env")}
	return config, secrets
}

// commitAll makes a repository of a kind of all that is in the folder.
func (c *checkout) commitAll(kind string) string {
	c.t.Helper()
	if kind == "hg" {
		c.hg("init")
		c.hg("commit", "--quiet", "--addremove", "--message=all")
		return c.node(".")
	}
	git := func(args ...string) string { return command(c.t, c.folder, c.env, "git", args...) }
	git("init", "--quiet")
	git("-c", "core.autocrlf=false", "add", "--all")
	git("commit", "--quiet", "--message=all")
	return git("rev-parse", "HEAD")
}
