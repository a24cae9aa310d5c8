// Package architecture holds no code: its test keeps the packages in the order
// that docs/architecture.md describes.
package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/skycap/skycap"

// root is the folder of the module.
const root = "../.."

// mayImport says which of our packages each of our packages may import. The rows
// follow a deploy from right to left: what is above may use what is below.
// pkg/skycap imports nothing of ours, and any may import it.
func mayImport() map[string][]string {
	return map[string][]string{
		"cmd/skycap": {"internal/cli"},

		// cli builds everything once and explains every typed error, so it sees all.
		"internal/cli": {
			"internal/action", "internal/archive", "internal/builder", "internal/config", "internal/image", "internal/kubectl",
			"internal/manifest", "internal/noise", "internal/pipeline", "internal/release", "internal/report", "internal/revision",
			"internal/rollout", "internal/run", "internal/secret", "internal/settings", "internal/ssh",
			"internal/target", "internal/target/hosts", "internal/target/kubernetes",
		},
		// action orders the phases. It knows a target by its interface alone.
		"internal/action": {
			"internal/archive", "internal/builder", "internal/config", "internal/image", "internal/manifest", "internal/release",
			"internal/report", "internal/revision", "internal/rollout", "internal/secret", "internal/settings",
			"internal/target",
		},

		"internal/report": {},

		// kubernetes compares digests of what runs and of what should: hence image.
		"internal/target/kubernetes": {
			"internal/image", "internal/kubectl", "internal/manifest", "internal/ownership",
			"internal/release", "internal/rollout", "internal/target",
		},
		// hosts unpacks what archive packs, and runs what owners want to run there: hence run.
		"internal/target/hosts": {
			"internal/archive", "internal/release", "internal/rollout", "internal/run", "internal/ssh", "internal/target",
		},
		// target's interface speaks of releases and their objects, and of how a service is.
		"internal/target":  {"internal/manifest", "internal/release", "internal/rollout"},
		"internal/release": {"internal/config", "internal/image", "internal/manifest", "internal/revision"},
		"internal/rollout": {},
		// ownership reads one object and asks nobody.
		"internal/ownership": {},
		// kubectl takes over fields that a client-side apply owned: hence ownership.
		"internal/kubectl": {"internal/noise", "internal/ownership", "internal/run"},
		// noise reads text and starts nothing.
		"internal/noise": {},

		// manifest, config and image take what they read of a commit as values of revision.
		"internal/manifest": {"internal/config", "internal/image", "internal/revision"},
		"internal/config":   {"internal/revision"},
		// secret reads the user's keys and runs age and sops, which config, being pure, does not.
		"internal/secret": {"internal/config", "internal/revision", "internal/run"},
		// image runs the programs that keep credentials.
		"internal/image": {"internal/revision", "internal/run"},
		// archive packs trees for hosts: they need no repository, and targets no packer.
		"internal/archive": {"internal/revision"},
		// builder has programs make images of trees: hence run.
		"internal/builder": {"internal/archive", "internal/revision", "internal/run"},
		// pipeline makes text of values.
		"internal/pipeline": {},

		"internal/revision": {"internal/run"},
		"internal/settings": {},
		"internal/run":      {},

		// ssh knows hosts and steps, and nothing of what is deployed.
		"internal/ssh":         {"internal/run"},
		"internal/ssh/sshtest": {"internal/run"},

		// What the zoo of internal/endtoend makes images of: a program of its own.
		"internal/endtoend/animal": {},
		"internal/endtoend/task":   {},
		// What benchmarks and other long runs share, in whichever package they lie.
		"internal/endtoend/measure": {},

		"pkg/skycap":                 {},
		"pkg/skycap/internal/schema": {"pkg/skycap"},
	}
}

// leaf is what every package may import.
const leaf = "pkg/skycap"

// onlyIn says which package alone may import a library: it is a wall around it.
func onlyIn() map[string]string {
	return map[string]string{
		"github.com/spf13/cobra":                 "internal/cli",
		"github.com/spf13/viper":                 "internal/settings",
		"github.com/goccy/go-yaml":               "internal/settings",
		"github.com/go-git/go-git":               "internal/revision",
		"github.com/google/go-containerregistry": "internal/image",
		"sigs.k8s.io/kustomize":                  "internal/manifest",
		"go.yaml.in/yaml":                        "internal/cli",
		"filippo.io/age":                         "internal/secret",
		"github.com/rogpeppe/go-internal/diff":   "internal/config",
		"github.com/klauspost/compress":          "internal/archive",
		"github.com/sirupsen/logrus":             "internal/report",
		"sigs.k8s.io/structured-merge-diff":      "internal/ownership",
		"k8s.io/client-go":                       "internal/ownership",
		"os/exec":                                "internal/run",
	}
}

func TestEachPackageImportsWhatItMay(t *testing.T) {
	table, imports := mayImport(), imports(t)
	for folder := range table {
		if _, there := imports[folder]; !there {
			t.Errorf("%q has a row, but no code: take the row out", folder)
		}
	}
	for folder, imported := range imports {
		allowed, known := table[folder]
		if !known {
			t.Errorf("%q has no row: say what it may import, and why it is a package of its own", folder)
			continue
		}
		for _, of := range imported {
			ours, isOurs := strings.CutPrefix(of, module+"/")
			if isOurs && ours != leaf && !slices.Contains(allowed, ours) {
				t.Errorf("%q imports %q, which its row doesn't have", folder, ours)
			}
		}
	}
}

func TestLibrariesStayBehindTheirWalls(t *testing.T) {
	for folder, imported := range imports(t) {
		for _, of := range imported {
			for library, owner := range onlyIn() {
				if (of == library || strings.HasPrefix(of, library+"/")) && folder != owner {
					t.Errorf("%q imports %q, which is for %q alone", folder, of, owner)
				}
			}
		}
	}
}

// Whoever ends the process skips every defer: only the main function of a
// program may, in all of our modules.
func TestOnlyMainExits(t *testing.T) {
	for name, file := range sources(t) {
		if path.Base(name) == "main.go" && file.Name.Name == "main" {
			continue
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			from, ok := call.X.(*ast.Ident)
			if ok && (from.Name == "os" && call.Sel.Name == "Exit" || from.Name == "log" && strings.HasPrefix(call.Sel.Name, "Fatal")) {
				t.Errorf("%s ends the process by %s.%s", name, from.Name, call.Sel.Name)
			}
			return true
		})
	}
}

// imports are the imports of each folder of this module, for all systems and
// without those of tests.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for name, file := range sources(t) {
		folder := path.Dir(name)
		if inModule(folder) {
			for _, spec := range file.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				found[folder] = append(found[folder], imported)
			}
			slices.Sort(found[folder])
			found[folder] = slices.Compact(found[folder])
		}
	}
	return found
}

// inModule tells whether no folder on the way down has a module of its own.
func inModule(folder string) bool {
	for ; folder != "."; folder = path.Dir(folder) {
		if _, err := os.Stat(filepath.Join(root, folder, "go.mod")); err == nil {
			return false
		}
	}
	return true
}

// sources are all Go files but tests, by their path with slashes.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "bin"):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, name)
		files[filepath.ToSlash(below)] = file
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
